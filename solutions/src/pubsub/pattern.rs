//! Patterns and topics: their tokens, what is refused, and what matches, by the book.

use std::error::Error;
use std::fmt;

/// The longest topic, and the longest pattern, in bytes.
pub const MAX_LENGTH: usize = 1024;

/// A pattern that was found to be one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Pattern(String);

/// What a token of a pattern stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Itself.
    Literal(&'a str),
    /// Any one token.
    One,
    /// One token or more: whatever is left.
    Rest,
}

impl Pattern {
    pub(super) fn parse(text: String) -> Result<Self, PatternError> {
        if text.len() > MAX_LENGTH {
            return Err(PatternError::TooLong);
        }
        let pattern = Self(text);
        let rest = pattern.tokens().position(|token| token == Token::Rest);
        if rest.is_some_and(|rest| rest + 1 < pattern.tokens().count()) {
            return Err(PatternError::RestNotLast);
        }
        Ok(pattern)
    }

    pub(super) fn tokens(&self) -> impl Iterator<Item = Token<'_>> {
        self.0.split('.').map(|token| match token {
            "*" => Token::One,
            ">" => Token::Rest,
            _ => Token::Literal(token),
        })
    }

    /// Whether a topic matches. The trie says the same of all patterns at once; this is for a replay.
    pub(super) fn matches(&self, topic: &str) -> bool {
        let mut topic = topic.split('.');
        for token in self.tokens() {
            match (token, topic.next()) {
                (Token::Rest, Some(_)) => return true,
                (Token::One, Some(_)) => {}
                (Token::Literal(ours), Some(theirs)) if ours == theirs => {}
                _ => return false,
            }
        }
        topic.next().is_none()
    }
}

/// Refuses what can be no topic.
pub(super) fn check_topic(topic: &str) -> Result<(), TopicError> {
    if topic.len() > MAX_LENGTH {
        return Err(TopicError::TooLong);
    }
    if topic.split('.').any(|token| matches!(token, "*" | ">")) {
        return Err(TopicError::Wildcard);
    }
    Ok(())
}

/// Why a text is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatternError {
    /// The token `>` is there, and is not the last.
    RestNotLast,
    /// It has more than [`MAX_LENGTH`] bytes.
    TooLong,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RestNotLast => f.write_str("`>` has to be the last token of a pattern"),
            Self::TooLong => write!(f, "a pattern has at most {MAX_LENGTH} bytes"),
        }
    }
}

impl Error for PatternError {}

/// Why a text is no topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TopicError {
    /// One of its tokens is `*` or `>`.
    Wildcard,
    /// It has more than [`MAX_LENGTH`] bytes.
    TooLong,
}

impl fmt::Display for TopicError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wildcard => f.write_str("`*` and `>` are for patterns, not for topics"),
            Self::TooLong => write!(f, "a topic has at most {MAX_LENGTH} bytes"),
        }
    }
}

impl Error for TopicError {}
