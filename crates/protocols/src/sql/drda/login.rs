//! Who the sides are: what they say of themselves before and while a client logs in.

use model::details::Detail;
use model::exchange::{Exchange, Identity, Text};

use crate::kit::reader::Sample;

use super::codepage::Page;
use super::codes::part;
use super::wire::{find, number};

/// How clients prove who they are (DDM, "SECMEC").
const PROOFS: [(u16, &str); 14] = [
    (1, "dce"),
    (3, "password"),
    (4, "none"),
    (5, "new password"),
    (6, "password substitute"),
    (7, "encrypted password"),
    (8, "strong password substitute"),
    (9, "encrypted user and password"),
    (10, "encrypted new password"),
    (11, "kerberos"),
    (12, "encrypted user, data too"),
    (13, "encrypted user and password, data too"),
    (15, "plug-in"),
    (16, "certificate"),
];

/// Why a log-in was refused (DDM, "SECCHKCD").
const REFUSALS: [(u8, &str); 15] = [
    (0x01, "the server has no such way to log in"),
    (0x0a, "the security service cannot be reached for now"),
    (0x0b, "the security service cannot be reached"),
    (0x0e, "the password has expired"),
    (0x0f, "the password is wrong"),
    (0x10, "the password is missing"),
    (0x12, "the user is missing"),
    (0x13, "the user is unknown or the password is wrong"),
    (0x14, "the user is locked"),
    (0x15, "the new password is not allowed"),
    (0x16, "the new password is missing"),
    (0x17, "the proof is of the wrong kind"),
    (0x18, "the security service failed"),
    (0x19, "the ticket is wrong"),
    (0x1b, "the proof is missing"),
];

/// What the sides said of themselves before anybody logged in.
#[derive(Debug, Default)]
pub(super) struct Introduction {
    /// The client program.
    application: Option<Text>,
    /// The server's product.
    server: Option<Text>,
    version: Option<Text>,
}

impl Introduction {
    /// What a client says of itself (EXCSAT).
    pub(super) fn of_client(&mut self, said: &Sample<'_>) {
        self.application = name(said, part::EXTNAM).or(self.application.take());
    }

    /// What a server says of itself (EXCSATRD).
    pub(super) fn of_server(&mut self, said: &Sample<'_>) {
        self.server = name(said, part::SRVCLSNM).or(self.server.take());
        let level = name(said, part::SRVRLSLV);
        self.version = level.map(|level| version(&level)).or(self.version.take());
    }

    /// Who a log-in is of, and what it says beside that.
    pub(super) fn write(&self, said: &Sample<'_>, exchange: &mut Exchange) {
        let details = &mut exchange.request.details;
        if let Some(mechanism) = number(said, part::SECMEC) {
            let known = PROOFS.iter().find(|(known, _)| *known == mechanism);
            let proof = known
                .map_or_else(|| Text::from(format!("mechanism {mechanism}")), |(_, name)| Text::from(*name));
            details.push(("authentication", Detail::Text(proof)));
        }
        if let Some(server) = &self.server {
            details.push(("server", Detail::Text(Text::clone(server))));
        }
    }

    /// The session's identity behind a command that names a user or a database.
    pub(super) fn identity(&self, said: &Sample<'_>, before: &Identity) -> Identity {
        Identity {
            user: name(said, part::USRID).or_else(|| before.user.clone()),
            database: database(said).or_else(|| before.database.clone()),
            application: self.application.clone().or_else(|| before.application.clone()),
            version: self.version.clone().or_else(|| before.version.clone()),
        }
    }

    /// The server's version is known by its product's number alone, where it said no more (ACCRDBRM).
    pub(super) fn accepted(&mut self, said: &Sample<'_>) {
        if self.version.is_none() {
            self.version = name(said, part::PRDID).map(|product| version(&product));
        }
    }

    /// The server's version, if it is known.
    pub(super) fn version(&self) -> Option<&Text> {
        self.version.as_ref()
    }
}

/// Why a log-in was refused: its number and our words; `None` where it was not.
pub(super) fn refusal(said: &Sample<'_>) -> Option<(u8, &'static str)> {
    let code = *find(said, part::SECCHKCD)?.first()?;
    let known = REFUSALS.iter().find(|(known, _)| *known == code);
    (code != 0).then(|| (code, known.map_or("the log-in was refused", |(_, words)| *words)))
}

/// A database's name; Derby's clients write what else they want of it behind it, keys and passwords too.
fn database(said: &Sample<'_>) -> Option<Text> {
    let name = name(said, part::RDBNAM)?;
    name.split(';').next().map(|name| Text::from(name.trim_end()))
}

/// The name that stands in the object of this code point, without the blanks and zeros at its end.
fn name(said: &Sample<'_>, code: u16) -> Option<Text> {
    let text = Page::Unsaid.text(find(said, code)?);
    let name = text.trim_end_matches([' ', '\0']);
    (!name.is_empty()).then(|| Text::from(name))
}

/// A version as people write it: `10.14.2.0` of `CSS10140/10.14.2.0 - (1)`, `11.5.5` of `SQL11055`.
fn version(level: &str) -> Text {
    if let Some((_, version)) = level.split_once('/') {
        return Text::from(version.split_whitespace().next().unwrap_or(version));
    }
    let digits = level.get(3..8).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let part = |from, to| digits?.get(from..to)?.parse::<u8>().ok();
    match (part(0, 2), part(2, 4), part(4, 5)) {
        (Some(version), Some(release), Some(change)) => Text::from(format!("{version}.{release}.{change}")),
        _ => Text::from(level),
    }
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_are_written_as_people_write_them() {
        for (level, wanted) in [
            ("CSS10140/10.14.2.0 - (1828579)", "10.14.2.0"),
            ("SQL11055", "11.5.5"),
            ("DSN12015", "12.1.5"),
            ("V7R3M0", "V7R3M0"),
        ] {
            assert_eq!(&*version(level), wanted);
        }
    }
}
