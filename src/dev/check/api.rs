//! Exercise and reference have one public face, documented in the same words.

use std::collections::BTreeMap;

use anyhow::anyhow;
use quote::ToTokens;
use syn::{
    Attribute, Expr, Fields, File, FnArg, ImplItem, Item, ItemImpl, Lit, Meta, Path, Signature,
    Type, Visibility,
};

use super::Findings;
use crate::answer::Answer;
use crate::curriculum::Pattern;
use crate::workbook::Workbook;

/// Traits that follow from what is inside, or say nothing to a caller.
const INSIDE: [&str; 6] = ["Drop", "Send", "Sync", "Unpin", "UnwindSafe", "RefUnwindSafe"];

/// A public item: its shape, and its documentation.
#[derive(PartialEq)]
struct Face {
    shape: String,
    docs: String,
}

pub(super) fn check(
    book: &Workbook,
    pattern: &Pattern,
    findings: &mut Findings,
) -> anyhow::Result<()> {
    let id = &pattern.id;
    let mut read = |answer: Answer| findings.need(faces(&answer), "mend the syntax");
    let (Some(stub), Some(reference)) = (read(book.exercise(id)?), read(book.reference(id)?))
    else {
        return Ok(());
    };
    for (name, face) in &reference {
        match stub.get(name) {
            None => {
                findings.add(format!("{id}: the stub lacks {name}"), "add it, with the same docs")
            }
            Some(other) if other.shape != face.shape => findings.add(
                format!("{id}: {name} has another signature in the stub"),
                format!("reference: {}\nstub: {}", face.shape, other.shape),
            ),
            Some(other) if other.docs != face.docs => findings.add(
                format!("{id}: {name} is documented in other words in the stub"),
                first_difference(&face.docs, &other.docs),
            ),
            Some(_) => {}
        }
    }
    for name in stub.keys().filter(|name| !reference.contains_key(*name)) {
        findings.add(
            format!("{id}: only the stub has {name}"),
            "add it to the reference, or remove it",
        );
    }
    Ok(())
}

/// A few words from where the two texts part.
fn first_difference(reference: &str, stub: &str) -> String {
    let (words, others) = (reference.split(' '), stub.split(' '));
    let same = words.clone().zip(others.clone()).take_while(|(a, b)| a == b).count();
    let from = same.saturating_sub(3);
    let some =
        |words: std::str::Split<'_, char>| words.skip(from).take(10).collect::<Vec<_>>().join(" ");
    format!("reference: … {} …\nstub: … {} …", some(words), some(others))
}

pub(super) fn parse(source: &str) -> anyhow::Result<File> {
    syn::parse_file(source).map_err(|error| anyhow!("line {}: {error}", error.span().start().line))
}

/// The documentation in some attributes.
pub(super) fn docs(attributes: &[Attribute]) -> String {
    let mut docs = String::new();
    for attribute in attributes {
        if let Meta::NameValue(pair) = &attribute.meta
            && pair.path.is_ident("doc")
            && let Expr::Lit(literal) = &pair.value
            && let Lit::Str(line) = &literal.lit
        {
            docs.push_str(line.value().trim_end());
            docs.push('\n');
        }
    }
    docs
}

/// Without the targets of links to items: in the parts of a folder, an item is one `super::` further.
fn without_targets(docs: &str) -> String {
    let mut parts = docs.split("](");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push(']');
        match part.split_once(')') {
            Some((target, rest)) if target.contains("::") => out.push_str(rest),
            _ => out.extend(["(", part]),
        }
    }
    // A line may now break elsewhere.
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The last name of a path.
pub(super) fn last(path: &Path) -> Option<String> {
    path.segments.last().map(|segment| segment.ident.to_string())
}

/// The public items of all files: in the parts of a folder nothing is `pub` but what it exports.
fn faces(answer: &Answer) -> anyhow::Result<BTreeMap<String, Face>> {
    let mut all = Faces::default();
    for (path, source) in &answer.files {
        let file = parse(source)?;
        if Some(path.as_path()) == answer.root() {
            all.add("its module doc".into(), String::new(), &file.attrs);
        }
        for item in &file.items {
            all.item(item);
        }
    }
    // An implementation for a private type is nobody's business.
    let Faces { mut faces, types, implemented } = all;
    for (of, name) in implemented {
        if types.contains(&name) && !INSIDE.contains(&of.as_str()) {
            let face = Face { shape: String::new(), docs: String::new() };
            faces.insert(format!("`impl {of} for {name}`"), face);
        }
    }
    Ok(faces)
}

#[derive(Default)]
struct Faces {
    faces: BTreeMap<String, Face>,
    types: Vec<String>,
    /// Trait and type, by name; derived or written.
    implemented: Vec<(String, String)>,
}

impl Faces {
    fn add(&mut self, name: String, shape: String, attributes: &[Attribute]) {
        self.faces.insert(name, Face { shape, docs: without_targets(&docs(attributes)) });
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Fn(f) if public(&f.vis) => {
                self.add(format!("`{}`", f.sig.ident), signature(&f.sig), &f.attrs);
            }
            Item::Struct(s) if public(&s.vis) => {
                let fields = public_fields(&s.fields);
                self.a_type(
                    &s.ident.to_string(),
                    format!("{} {fields}", tokens(&s.generics)),
                    &s.attrs,
                );
            }
            Item::Enum(e) if public(&e.vis) => {
                let variants = e.variants.iter().map(|variant| {
                    let mut plain = variant.clone();
                    plain.attrs.clear();
                    plain.fields.iter_mut().for_each(|field| field.attrs.clear());
                    tokens(&plain)
                });
                let shape =
                    format!("{} {}", tokens(&e.generics), variants.collect::<Vec<_>>().join(", "));
                self.a_type(&e.ident.to_string(), shape, &e.attrs);
            }
            Item::Trait(t) if public(&t.vis) => {
                self.a_type(&t.ident.to_string(), tokens(&t.generics), &t.attrs);
            }
            Item::Type(t) if public(&t.vis) => {
                self.add(format!("`{}`", t.ident), tokens(&t.ty), &t.attrs);
            }
            Item::Const(c) if public(&c.vis) => {
                self.add(format!("`{}`", c.ident), tokens(&c.ty), &c.attrs);
            }
            Item::Use(u) if public(&u.vis) && tokens(&u.tree).starts_with("solutions") => {
                self.add(format!("`pub use {}`", tokens(&u.tree)), String::new(), &[]);
            }
            Item::Impl(i) => self.an_impl(i),
            _ => {}
        }
    }

    fn a_type(&mut self, name: &str, shape: String, attributes: &[Attribute]) {
        self.add(format!("`{name}`"), shape, attributes);
        self.types.push(name.to_owned());
        for attribute in attributes.iter().filter(|a| a.path().is_ident("derive")) {
            // What cannot be parsed does not compile either.
            let _ = attribute.parse_nested_meta(|derived| {
                self.implemented.extend(last(&derived.path).map(|of| (of, name.to_owned())));
                Ok(())
            });
        }
    }

    fn an_impl(&mut self, item: &ItemImpl) {
        let Type::Path(of_type) = &*item.self_ty else { return };
        let Some(name) = last(&of_type.path) else { return };
        if let Some((path, ..)) = &item.trait_ {
            self.implemented.extend(last(path).map(|of| (of, name)));
            return;
        }
        // A lifetime may be named or not.
        let parameters = item.generics.type_params().map(tokens).collect::<Vec<_>>().join(", ");
        let header = format!("{parameters} {}", tokens(&item.generics.where_clause));
        for member in &item.items {
            match member {
                ImplItem::Fn(f) if public(&f.vis) => {
                    let shape = format!("{header} {}", signature(&f.sig));
                    self.add(format!("`{name}::{}`", f.sig.ident), shape, &f.attrs);
                }
                ImplItem::Const(c) if public(&c.vis) => {
                    self.add(format!("`{name}::{}`", c.ident), tokens(&c.ty), &c.attrs);
                }
                _ => {}
            }
        }
    }
}

fn public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn tokens(part: &impl ToTokens) -> String {
    part.to_token_stream().to_string()
}

fn public_fields(fields: &Fields) -> String {
    let public = fields.iter().filter(|field| public(&field.vis));
    let name = |field: &syn::Field| field.ident.as_ref().map_or(String::new(), ToString::to_string);
    public
        .map(|field| format!("{}: {}", name(field), tokens(&field.ty)))
        .collect::<Vec<_>>()
        .join(", ")
}

/// A signature without the names of its arguments.
fn signature(sig: &Signature) -> String {
    let inputs = sig.inputs.iter().map(|input| match input {
        FnArg::Typed(argument) => tokens(&argument.ty),
        FnArg::Receiver(receiver) => {
            // `mut self` is the body's business; `&mut self` has its `mut` elsewhere.
            let mut receiver = receiver.clone();
            receiver.mutability = None;
            tokens(&receiver)
        }
    });
    format!(
        "{} {} {} fn {} ({}) {} {}",
        tokens(&sig.constness),
        tokens(&sig.asyncness),
        tokens(&sig.safety),
        tokens(&sig.generics.params),
        inputs.collect::<Vec<_>>().join(", "),
        tokens(&sig.output),
        tokens(&sig.generics.where_clause)
    )
}
