//! All patterns in one tree, a level a token: a topic walks down it once, however many there are.

use std::str::Split;

use loomscope::collections::HashMap;

use super::pattern::{Pattern, Token};

/// A node stands for the tokens on the way to it; the root, for none.
pub(super) struct Trie<T> {
    literals: HashMap<Box<str>, Self>,
    one: Option<Box<Self>>,
    /// Whose pattern ends here.
    here: Vec<T>,
    /// Whose pattern has a `>` behind this node.
    rest: Vec<T>,
}

impl<T> Default for Trie<T> {
    fn default() -> Self {
        Self { literals: HashMap::default(), one: None, here: Vec::new(), rest: Vec::new() }
    }
}

impl<T: Clone> Trie<T> {
    pub(super) fn insert(&mut self, pattern: &Pattern, value: T) {
        let mut node = self;
        for token in pattern.tokens() {
            node = match token {
                Token::Literal(token) => node.literals.entry(token.into()).or_default(),
                Token::One => node.one.get_or_insert_default(),
                Token::Rest => return node.rest.push(value),
            };
        }
        node.here.push(value);
    }

    /// Adds whatever matches the tokens to `found`: what matches twice, twice.
    // ANCHOR: find
    pub(super) fn find(&self, mut topic: Split<'_, char>, found: &mut Vec<T>) {
        let Some(token) = topic.next() else {
            found.extend_from_slice(&self.here);
            return;
        };
        found.extend_from_slice(&self.rest);
        if let Some(node) = self.literals.get(token) {
            node.find(topic.clone(), found);
        }
        if let Some(node) = &self.one {
            node.find(topic, found);
        }
    }
    // ANCHOR_END: find

    /// Removes a value, and every node that nothing is left for; returns whether this one is such.
    pub(super) fn remove<'a>(
        &mut self,
        mut pattern: impl Iterator<Item = Token<'a>>,
        is_it: &impl Fn(&T) -> bool,
    ) -> bool {
        match pattern.next() {
            None => self.here.retain(|value| !is_it(value)),
            Some(Token::Rest) => self.rest.retain(|value| !is_it(value)),
            Some(Token::One) => {
                self.one.take_if(|node| node.remove(pattern, is_it));
            }
            Some(Token::Literal(token)) => {
                let node = self.literals.get_mut(token);
                if node.is_some_and(|node| node.remove(pattern, is_it)) {
                    self.literals.remove(token);
                }
            }
        }
        self.is_empty()
    }

    fn is_empty(&self) -> bool {
        let Self { literals, one, here, rest } = self;
        literals.is_empty() && one.is_none() && here.is_empty() && rest.is_empty()
    }
}
