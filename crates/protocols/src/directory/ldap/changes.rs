//! Requests that change entries or compare them.

use model::exchange::Request;

use super::session::Ldap;
use super::values::{write, write_name, write_plain};
use super::wire::{Elements, tag};

/// So many values of an attribute are told: a group's members are thousands.
const VALUES: usize = 16;
/// A statement ends here.
const TEXT: usize = 4 << 10;

impl Ldap {
    /// `add "entry" objectClass=person; cn=Ada`.
    pub(super) fn add(&mut self, mut body: Elements<'_>, request: &mut Request) -> Option<()> {
        let name = self.entry(&mut body, request)?;
        let attributes = body.within(tag::SEQUENCE)?;
        request.statement.write_with(|out| {
            out.push_str("add ");
            write_name(out, name);
            changes(out, attributes, |_, attribute| attribute);
        });
        Some(())
    }

    /// `modify "entry" replace mail=a@b.c; delete phone`.
    pub(super) fn modify(&mut self, mut body: Elements<'_>, request: &mut Request) -> Option<()> {
        let name = self.entry(&mut body, request)?;
        let list = body.within(tag::SEQUENCE)?;
        request.statement.write_with(|out| {
            out.push_str("modify ");
            write_name(out, name);
            changes(out, list, |out, mut change| {
                out.push_str(match change.number(tag::ENUMERATED) {
                    Some(0) => "add ",
                    Some(1) => "delete ",
                    Some(2) => "replace ",
                    // RFC 4525.
                    Some(3) => "increment ",
                    Some(_) | None => "? ",
                });
                change.within(tag::SEQUENCE).unwrap_or(change)
            });
        });
        Some(())
    }

    /// `modifyDN "entry" to "cn=new" under "ou=other"`.
    pub(super) fn modify_dn(&mut self, mut body: Elements<'_>, request: &mut Request) -> Option<()> {
        let name = self.entry(&mut body, request)?;
        let new = body.content(tag::OCTETS)?;
        let keeps_old = body.content(1)? == [0];
        let above = body.content(0x80);
        request.statement.write_with(|out| {
            out.push_str("modifyDN ");
            write_name(out, name);
            out.push_str(" to ");
            write_name(out, new);
            if let Some(above) = above {
                out.push_str(" under ");
                write_name(out, above);
            }
            if keeps_old {
                out.push_str(" keeping the old");
            }
        });
        Some(())
    }

    /// `compare "entry" attribute=value`.
    pub(super) fn compare(&mut self, mut body: Elements<'_>, request: &mut Request) -> Option<()> {
        let name = self.entry(&mut body, request)?;
        let mut assertion = body.within(tag::SEQUENCE)?;
        let (attribute, value) = (assertion.content(tag::OCTETS)?, assertion.content(tag::OCTETS)?);
        request.statement.write_with(|out| {
            out.push_str("compare ");
            write_name(out, name);
            out.push(' ');
            write_plain(out, attribute);
            out.push('=');
            write(out, attribute, value);
        });
        Some(())
    }

    /// The entry that a request begins with.
    fn entry<'a>(&mut self, body: &mut Elements<'a>, request: &mut Request) -> Option<&'a [u8]> {
        let name = body.content(tag::OCTETS)?;
        request.targets.push(self.target(name));
        Some(name)
    }
}

/// Writes attributes with their values, each behind what `open` writes before it opens it.
fn changes<'a>(
    out: &mut String,
    mut list: Elements<'a>,
    open: impl Fn(&mut String, Elements<'a>) -> Elements<'a>,
) {
    let mut before = " ";
    while let Some(change) = list.within(tag::SEQUENCE) {
        if out.len() > TEXT {
            out.push_str("; ...");
            return;
        }
        out.push_str(before);
        before = "; ";
        let mut attribute = open(out, change);
        let name = attribute.content(tag::OCTETS).unwrap_or_default();
        write_plain(out, name);
        values(out, name, attribute.within(tag::SET));
    }
}

/// Writes `=one,other`.
fn values(out: &mut String, name: &[u8], values: Option<Elements<'_>>) {
    for (place, (_, value)) in values.into_iter().flatten().enumerate() {
        out.push(if place == 0 { '=' } else { ',' });
        if place == VALUES {
            return out.push_str("...");
        }
        write(out, name, value);
    }
}
