//! Who a session is: its database, its user, its client program, and the server's version.

use model::exchange::{Identity, Text};

use crate::kit::text::lossy;

use super::words::split;

/// The user of `AUTH` with a password alone.
const DEFAULT_USER: &str = "default";

/// Who a session is before it says anything.
pub(super) fn first() -> Identity {
    Identity { database: Some("0".into()), ..Identity::default() }
}

/// Whether a command was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    Yes,
    No,
}

/// Who the session is after the answer to this command, as far as its statement tells.
pub(super) fn after(known: &Identity, operation: &str, statement: &str, done: Done) -> Identity {
    let mut identity = known.clone();
    let mut words = split(statement.as_bytes()).map(text);
    match (operation, done) {
        ("SELECT", Done::Yes) => identity.database = words.nth(1),
        ("AUTH", Done::Yes) => {
            let (first, second) = (words.nth(1), words.next());
            identity.user = if second.is_some() { first } else { Some(DEFAULT_USER.into()) };
        }
        ("CLIENT SETNAME", Done::Yes) => identity.application = words.nth(2).filter(|name| !name.is_empty()),
        // What a program says of itself holds also where the server is too old for the command.
        ("CLIENT SETINFO", Done::Yes | Done::No) => set(&mut identity, words.nth(2), words.next()),
        ("RESET", Done::Yes) => identity = Identity { version: identity.version, ..first() },
        ("HELLO", Done::Yes) => greet(&mut identity, words),
        _ => {}
    }
    identity
}

/// `LIB-NAME name`, `LIB-VER version`: a connection's own name goes before them.
fn set(identity: &mut Identity, attribute: Option<Text>, value: Option<Text>) {
    let (Some(attribute), Some(value)) = (attribute, value) else { return };
    match (&*attribute.to_ascii_uppercase(), &identity.application) {
        ("LIB-NAME", None) => identity.application = Some(value),
        ("LIB-VER", Some(name)) if !name.contains(' ') => {
            identity.application = Some(format!("{name} {value}").into());
        }
        _ => {}
    }
}

/// `HELLO version AUTH user password SETNAME name`.
fn greet(identity: &mut Identity, mut words: impl Iterator<Item = Text>) {
    while let Some(word) = words.next() {
        match &*word.to_ascii_uppercase() {
            "AUTH" => {
                identity.user = words.next();
                words.next();
            }
            "SETNAME" => identity.application = words.next(),
            _ => {}
        }
    }
}

fn text(word: &[u8]) -> Text {
    Text::from(&*lossy(word))
}

#[cfg(test)]
mod tests {
    use model::exchange::Identity;

    use super::{Done, after, first};

    fn told(lines: &[(&str, &str)]) -> [Option<String>; 3] {
        let mut identity = first();
        for (operation, line) in lines {
            identity = after(&identity, operation, line, Done::Yes);
        }
        let Identity { user, database, application, .. } = identity;
        [user, database, application].map(|text| text.map(|text| text.to_string()))
    }

    fn who(user: &str, database: &str, application: &str) -> [Option<String>; 3] {
        [user, database, application].map(|text| Some(text.to_owned()).filter(|text| !text.is_empty()))
    }

    #[test]
    fn a_session_is_who_its_commands_say() {
        assert_eq!(told(&[("AUTH", "AUTH ***"), ("SELECT", "select 3")]), who("default", "3", ""));
        assert_eq!(told(&[("AUTH", "AUTH me ***")]), who("me", "0", ""));
        assert_eq!(told(&[("HELLO", "HELLO 3 AUTH me *** SETNAME shop")]), who("me", "0", "shop"));
        let library = [
            ("CLIENT SETINFO", "CLIENT SETINFO LIB-NAME lib(x y)"),
            ("CLIENT SETINFO", "CLIENT SETINFO LIB-NAME redis-py"),
            ("CLIENT SETINFO", "CLIENT SETINFO LIB-VER 5.0"),
        ];
        assert_eq!(told(&library[1..]), who("", "0", "redis-py 5.0"));
        let named = [("CLIENT SETNAME", "CLIENT SETNAME \"shop\""), library[1]];
        assert_eq!(told(&named), who("", "0", "shop"));
        assert_eq!(told(&[named[0], ("SELECT", "SELECT 1"), ("RESET", "RESET")]), who("", "0", ""));
        assert_eq!(after(&first(), "SELECT", "SELECT 99", Done::No), first());
    }
}
