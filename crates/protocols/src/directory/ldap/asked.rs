//! What the client says.

use model::exchange::Request;

use crate::kit::protocol::{Heard, Key, Read};
use crate::kit::reader::Reader;

use super::controls;
use super::filter;
use super::session::{Ldap, fit, passed};
use super::values::{write_name, write_plain};
use super::wire::{Elements, Head, head, integer, op, tag};

/// So much of a request is looked at.
const REQUEST: usize = 64 << 10;
/// So much of its controls.
pub(super) const CONTROLS: usize = 4 << 10;
/// So many attributes that a search wants are told.
const ATTRIBUTES: usize = 64;

/// What a search looks at (RFC 4511, 4.5.1.2).
const SCOPES: [&str; 4] = ["base", "one", "sub", "children"];

impl Ldap {
    /// Reads the client's next message, of which at most `limit` bytes stand here; and how many of it are still owed.
    pub(super) fn asked(
        &mut self,
        limit: u64,
        from: &mut Reader<'_>,
        wire: &mut Reader<'_>,
    ) -> Read<(Heard, u64)> {
        let before = passed(from);
        let head = head(model::conn::Speaker::Client, from)?;
        let (length, behind, owed) = fit(head, limit.saturating_sub(passed(from) - before));
        let sample = from.sample(length, REQUEST)?;
        let is_cut = sample.is_cut() || owed > 0;
        let controls = if is_cut {
            from.skip(behind);
            &b""[..]
        } else {
            from.sample(behind, CONTROLS)?.bytes
        };
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        if self.write(head, Elements::of_sample(sample), request).is_none() && !is_cut {
            return Err(from.broken("a request is not formed as its operation is"));
        }
        if is_cut {
            request.details.push(("statement_bytes", i64::try_from(head.length).unwrap_or(i64::MAX).into()));
        }
        controls::tell(controls::Of::Request, controls, &mut request.details);
        let heard = match head.op {
            op::UNBIND | op::ABANDON => Heard::Oneway(exchange),
            _ => Heard::Request(Key::Id(head.key()), exchange),
        };
        Ok((heard, owed))
    }

    /// Writes a request; `None` when it is not formed as its operation is.
    fn write(&mut self, head: Head, body: Elements<'_>, request: &mut Request) -> Option<()> {
        let word = match head.op {
            op::BIND => "bind",
            op::UNBIND => "unbind",
            op::SEARCH => "search",
            op::MODIFY => "modify",
            op::ADD => "add",
            op::DELETE => "delete",
            op::MODIFY_DN => "modifyDN",
            op::COMPARE => "compare",
            op::ABANDON => "abandon",
            _ => "extended",
        };
        request.operation = word.into();
        match head.op {
            op::BIND => self.bind(head, body, request),
            op::UNBIND => {
                request.statement.write("unbind");
                Some(())
            }
            op::SEARCH => self.search(body, request),
            op::MODIFY => self.modify(body, request),
            op::ADD => self.add(body, request),
            op::DELETE => {
                request.targets.push(self.target(body.rest()));
                request.statement.write_with(|out| {
                    out.push_str("delete ");
                    write_name(out, body.rest());
                });
                Some(())
            }
            op::MODIFY_DN => self.modify_dn(body, request),
            op::COMPARE => self.compare(body, request),
            op::ABANDON => {
                request.statement.write(&format!("abandon {}", integer(body.rest())?));
                Some(())
            }
            _ => self.extended(head, body, request),
        }
    }

    /// `search "base" sub (uid=ada) cn,mail`.
    fn search(&mut self, mut body: Elements<'_>, request: &mut Request) -> Option<()> {
        let base = body.content(tag::OCTETS)?;
        let scope = body.number(tag::ENUMERATED)?;
        let _aliases = body.number(tag::ENUMERATED)?;
        let (most, seconds) = (body.number(tag::INTEGER)?, body.number(tag::INTEGER)?);
        let _types_only = body.content(1)?;
        if !base.is_empty() {
            request.targets.push(self.target(base));
        }
        for (name, limit) in [("size_limit", most), ("time_limit", seconds)] {
            if limit != 0 {
                request.details.push((name, limit.into()));
            }
        }
        let scope = usize::try_from(scope).ok().and_then(|scope| SCOPES.get(scope))?;
        let mut whole = Some(());
        request.statement.write_with(|out| {
            out.push_str("search ");
            write_name(out, base);
            out.push(' ');
            out.push_str(scope);
            out.push(' ');
            whole = filter::write(out, &mut body);
            let attributes = body.within(tag::SEQUENCE);
            for (place, (_, name)) in attributes.into_iter().flatten().take(ATTRIBUTES).enumerate() {
                out.push(if place == 0 { ' ' } else { ',' });
                write_plain(out, name);
            }
        });
        whole
    }
}
