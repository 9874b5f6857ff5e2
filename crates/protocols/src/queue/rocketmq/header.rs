//! Headers: JSON (`RemotingSerializable`) and binary (`RocketMQSerializable`).

use std::borrow::Cow;

use smallvec::SmallVec;

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader};
use crate::kit::text::utf8;
use crate::web::json::Value;

use super::wire::Form;

/// More fields than these are passed over.
const FIELDS: usize = 64;
/// Names that a JSON header's first member may have: clients sort them in different ways.
const MEMBERS: [&str; 8] =
    ["code", "extFields", "flag", "language", "opaque", "remark", "serializeTypeCurrentRPC", "version"];
/// The flags (`RemotingCommand.RPC_TYPE`, `RPC_ONEWAY`).
const IS_RESPONSE: i64 = 1;
const IS_ONEWAY: i64 = 2;
/// `LanguageCode`, by number.
const LANGUAGES: [&str; 14] = [
    "JAVA", "CPP", "DOTNET", "PYTHON", "DELPHI", "ERLANG", "RUBY", "OTHER", "HTTP", "GO", "PHP", "OMS",
    "RUST", "NODE_JS",
];

/// A header.
#[derive(Debug)]
pub(super) struct Header<'a> {
    pub(super) code: i32,
    pub(super) opaque: i32,
    flag: i64,
    pub(super) language: Cow<'a, str>,
    pub(super) version: i64,
    pub(super) remark: Option<Cow<'a, str>>,
    pub(super) fields: SmallVec<[(Cow<'a, str>, Cow<'a, str>); 12]>,
}

/// What a command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Request,
    Oneway,
    Response,
}

impl<'a> Header<'a> {
    /// Reads a whole header; `None` where it is none.
    pub(super) fn read(form: Form, bytes: &'a [u8]) -> Option<Header<'a>> {
        match form {
            Form::Json => Header::of_json(utf8(bytes)?),
            Form::Binary => Header::of_binary(&mut Reader::new(bytes, 0, Ahead::End)).ok(),
        }
    }

    fn of_json(text: &'a str) -> Option<Header<'a>> {
        let object = Value::of(text);
        if !object.is_object() {
            return None;
        }
        let (mut code, mut opaque) = (None, None);
        let mut header = Header {
            code: 0,
            opaque: 0,
            flag: 0,
            language: Cow::Borrowed(""),
            version: 0,
            remark: None,
            fields: SmallVec::new(),
        };
        for (name, value) in object.members() {
            match name {
                "code" => code = value.number(),
                "opaque" => opaque = value.number(),
                "flag" => header.flag = value.number()?,
                "version" => header.version = value.number().unwrap_or_default(),
                "language" => header.language = value.text().unwrap_or_default(),
                "remark" => header.remark = value.text(),
                "extFields" => header.fields.extend(value.members().take(FIELDS).map(|(name, value)| {
                    let value = value.text().unwrap_or(Cow::Borrowed(value.raw()));
                    (Cow::Borrowed(name), value)
                })),
                _ => {}
            }
        }
        header.code = i32::try_from(code?).ok()?;
        header.opaque = i32::try_from(opaque?).ok()?;
        Some(header)
    }

    fn of_binary(wire: &mut Reader<'a>) -> Read<Header<'a>> {
        let code = i32::from(wire.be16()?.cast_signed());
        let language = LANGUAGES.get(usize::from(wire.u8()?)).copied().unwrap_or("OTHER");
        let version = i64::from(wire.be16()?);
        let (opaque, flag) = (wire.be32()?.cast_signed(), i64::from(wire.be32()?));
        let remark = counted(wire)?;
        let mut fields = SmallVec::new();
        let said = counted(wire)?;
        let mut inner = Reader::new(said, 0, Ahead::End);
        while !inner.rest().is_empty() && fields.len() < FIELDS {
            let length = inner.be16()?;
            let name = inner.take(length.into())?;
            let value = counted(&mut inner)?;
            fields.push((String::from_utf8_lossy(name), String::from_utf8_lossy(value)));
        }
        let remark = (!remark.is_empty()).then(|| String::from_utf8_lossy(remark));
        Ok(Header { code, opaque, flag, language: Cow::Borrowed(language), version, remark, fields })
    }

    pub(super) fn kind(&self) -> Kind {
        match self.flag & (IS_RESPONSE | IS_ONEWAY) {
            0 => Kind::Request,
            IS_ONEWAY => Kind::Oneway,
            _ => Kind::Response,
        }
    }

    /// A field by its name.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| &**value)
    }
}

/// Bytes behind their length of four bytes.
fn counted<'a>(wire: &mut Reader<'a>) -> Read<&'a [u8]> {
    let length = wire.be32()?;
    wire.take(usize::try_from(length).unwrap_or(usize::MAX))
}

/// Whether these bytes begin a header of this length, as far as they are there.
pub(super) fn is_header(form: Form, said: &[u8], length: usize) -> Read<()> {
    let is = match form {
        _ if said.len() == length => Header::read(form, said).is_some(),
        Form::Json => {
            let Some(quoted) = said.strip_prefix(b"{\"") else {
                return if b"{\"".starts_with(said) { Err(Stop::Short) } else { Err(broken()) };
            };
            let is_one = |name: &&str| quoted.starts_with(name.as_bytes());
            if MEMBERS.iter().any(|name| name.len() > quoted.len() && name.as_bytes().starts_with(quoted)) {
                return Err(Stop::Short);
            }
            MEMBERS.iter().any(is_one)
        }
        // Its lengths agree with one another only where it is whole.
        Form::Binary => return Err(Stop::Short),
    };
    if is { Ok(()) } else { Err(broken()) }
}

fn broken() -> Stop {
    Stop::Broken(crate::kit::protocol::Broken { what: "a header does not begin like one", at: 0 })
}

#[cfg(test)]
mod tests {
    use super::{Form, Header, Kind, is_header};
    use crate::kit::protocol::Stop;

    #[test]
    fn both_forms_say_the_same() {
        let json = br#"{"code":15,"extFields":{"topic":"a","i":"x\u0001y"},"flag":2,"language":"GO","opaque":-7,"version":399}"#;
        let binary = b"\0\x0f\x09\x01\x8f\xff\xff\xff\xf9\0\0\0\x02\0\0\0\0\0\0\0\x16\0\x05topic\0\0\0\x01a\0\x01i\0\0\0\x03x\x01y";
        for (form, bytes) in [(Form::Json, &json[..]), (Form::Binary, &binary[..])] {
            let header = Header::read(form, bytes).unwrap();
            assert_eq!((header.code, header.opaque, header.kind()), (15, -7, Kind::Oneway));
            assert_eq!((&*header.language, header.version, header.remark), ("GO", 399, None));
            assert_eq!(
                header.fields.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>(),
                ["topic=a", "i=x\u{1}y"]
            );
        }
    }

    #[test]
    fn a_beginning_tells_what_it_can() {
        assert_eq!(is_header(Form::Json, b"{\"co", 90), Err(Stop::Short));
        assert_eq!(is_header(Form::Json, b"{\"code\":1", 90), Ok(()));
        assert!(matches!(is_header(Form::Json, b"{\"name\":1", 90), Err(Stop::Broken(_))));
        assert_eq!(is_header(Form::Binary, b"\0", 90), Err(Stop::Short));
    }
}
