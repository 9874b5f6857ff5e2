//! What a request's body says: versions, service, method, types, arguments, attachments.

use std::borrow::Cow;

use model::row::Row;

use crate::kit::protocol::Read;
use crate::web::veiled::Veil;

use super::hessian::Hessian;
use super::kryo::Kryo;
use super::told::Told;

/// So many bytes of an argument are told.
const ARGUMENT: usize = 2 << 10;
/// So many arguments are told.
const ARGUMENTS: usize = 64;

/// A request's body, but for its arguments.
#[derive(Debug, Default)]
pub(super) struct Invocation<'a> {
    pub(super) dubbo: Option<Cow<'a, str>>,
    pub(super) service: Option<Cow<'a, str>>,
    pub(super) version: Option<Cow<'a, str>>,
    pub(super) method: Option<Cow<'a, str>>,
    /// As a class file describes them.
    pub(super) types: Option<Cow<'a, str>>,
    pub(super) attachments: Vec<[Cow<'a, str>; 2]>,
}

impl<'a> Invocation<'a> {
    /// Reads a body in this form, and writes its arguments; what is not there, or not read, is absent.
    pub(super) fn read(form: &str, body: &'a [u8], arguments: &mut Row) -> Self {
        let mut invocation = Invocation::default();
        let read = match form {
            "hessian2" => invocation.read_hessian(body, arguments),
            "kryo" => invocation.read_kryo(body, arguments),
            _ => Ok(()),
        };
        if read.is_err() && invocation.method.is_some() {
            // It ends where the body is cut, or where a value is of no known kind.
            arguments.push("\u{2026}");
        }
        invocation
    }

    fn read_hessian(&mut self, body: &'a [u8], arguments: &mut Row) -> Read<()> {
        let mut wire = Hessian::of(body);
        for place in
            [&mut self.dubbo, &mut self.service, &mut self.version, &mut self.method, &mut self.types]
        {
            *place = wire.text()?;
        }
        let veil = self.veil();
        for at in 0..count(self.types.as_deref().unwrap_or_default()) {
            let mut told = Told::to(if at < ARGUMENTS { ARGUMENT } else { 0 });
            let read = wire.value(veil, &mut told);
            if read.is_err() && told.text.is_empty() {
                return read;
            }
            if read.is_err() {
                told.more();
            }
            if at < ARGUMENTS {
                arguments.push(&told.text);
            }
            read?;
        }
        if !wire.is_at_end() {
            self.attachments = wire.pairs()?;
        }
        Ok(())
    }

    fn read_kryo(&mut self, body: &'a [u8], arguments: &mut Row) -> Read<()> {
        let mut wire = Kryo::of(body);
        for place in [&mut self.dubbo, &mut self.service, &mut self.version, &mut self.method] {
            *place = wire.text()?;
        }
        // How many arguments there are, or that their types follow.
        let count = match wire.count()? {
            count @ 0.. => count,
            _ => {
                self.types = wire.text()?;
                i32::try_from(count(self.types.as_deref().unwrap_or_default())).unwrap_or(i32::MAX)
            }
        };
        let veil = self.veil();
        for _ in 0..count {
            let mut told = Told::to(ARGUMENT);
            match wire.object()? {
                Some(text) => told.string(&text, veil),
                None => told.plain("null"),
            }
            arguments.push(&told.text);
        }
        self.attachments = wire.pairs()?;
        Ok(())
    }

    /// Whether arguments without a name are masked.
    fn veil(&self) -> Veil {
        self.method.as_deref().map_or(Veil::On, Veil::of)
    }

    /// An attachment by its name.
    pub(super) fn attached(&self, name: &str) -> Option<&str> {
        self.attachments.iter().find(|[named, _]| named == name).map(|[_, value]| &**value)
    }
}

/// How many types a descriptor has (`JVMS` 4.3.3): letters, or `L` up to `;`, behind a `[` for each dimension.
fn count(types: &str) -> usize {
    let (mut count, mut rest) = (0, types.bytes());
    while let Some(letter) = rest.next() {
        match letter {
            b'[' => continue,
            b'L' => _ = rest.find(|letter| *letter == b';'),
            _ => {}
        }
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn types_are_counted() {
        for (types, counted) in [
            ("", 0),
            ("I", 1),
            ("IJZ", 3),
            ("Ljava/lang/String;[[I", 2),
            ("[Ljava/lang/String;J", 2),
            ("L", 1),
        ] {
            assert_eq!(count(types), counted, "{types}");
        }
    }
}
