//! What a call says, whatever carried it: keys and ranges, rows, revisions.

use std::borrow::Cow;

use model::exchange::{Failure, Text};

use crate::web::dialect::Told;
use crate::web::json::Value;

/// More keys than this are not told.
const KEYS: usize = 16;

/// So many rows are samples.
const SAMPLES: usize = 8;

/// Deeper documents than those of transactions in transactions are none.
const DEPTH: usize = 8;

/// Lists of what an answer is about.
const LISTS: [&str; 8] = ["kvs", "events", "leases", "members", "users", "roles", "alarms", "perm"];

/// Operations that are answered with such a list.
const LISTING: [&str; 10] = [
    "Range",
    "Txn",
    "Watch",
    "LeaseLeases",
    "MemberList",
    "UserList",
    "UserGet",
    "RoleList",
    "RoleGet",
    "Alarm",
];

/// Tells a call of `operation` by its documents, keys and values in them as texts, and so many things found.
pub(super) fn tell(
    operation: &'static str,
    asks: &[Value<'_>],
    says: &[Value<'_>],
    found: Option<u64>,
) -> Told {
    let mut told = Told { operation: operation.into(), ..Told::default() };
    asks.iter().for_each(|asks| tell_keys(*asks, 0, &mut told));
    if operation == "Authenticate" {
        let name = asks.first().and_then(|asks| asks.get("name")).and_then(Value::text);
        told.user = name.map(|name| name.as_ref().into());
    }
    if says.is_empty() {
        return told;
    }
    told.rows = found.filter(|_| LISTING.contains(&operation));
    let mut changed = Changed::default();
    for says in says {
        tell_rows(*says, 0, &mut told);
        changed.hear(*says, 0);
    }
    told.affected = changed.keys(operation);
    tell_state(operation, says, &mut told);
    told
}

/// The revision and what else an answer says of the store.
fn tell_state(operation: &'static str, says: &[Value<'_>], told: &mut Told) {
    let last = says.iter().rev().find_map(|says| says.at(&["header", "revision"]));
    told.response_details.extend(last.and_then(Value::integer).map(|at| ("etcd.revision", at.into())));
    let Some(first) = says.first() else { return };
    if operation == "Range" {
        let count = first.get("count").and_then(Value::integer);
        told.response_details.extend(count.map(|count| ("etcd.count", count.into())));
    }
    if operation == "Txn" {
        let succeeded =
            if first.get("succeeded").is_some_and(|is| is.raw() == "true") { "true" } else { "false" };
        told.response_details.push(("etcd.succeeded", succeeded.into()));
    }
    let reason = says.iter().find_map(|says| says.get("cancel_reason")).and_then(Value::text);
    told.failure = reason
        .filter(|reason| !reason.is_empty())
        .map(|reason| Failure { code: "".into(), message: reason.as_ref().into() });
}

/// The keys that a document names, those of a transaction's parts too.
fn tell_keys(value: Value<'_>, depth: usize, told: &mut Told) {
    if let Some(key) = value.get("key").and_then(Value::text) {
        let end = value.get("range_end").and_then(Value::text).unwrap_or_default();
        let (target, range) = target(key, &end);
        if told.targets.len() < KEYS && !told.targets.iter().any(|known| **known == *target) {
            told.targets.push(target);
        }
        if let Some(range) = range.filter(|_| told.request_details.is_empty()) {
            told.request_details.push(("etcd.range", range.into()));
        }
    }
    if depth < DEPTH {
        let parts = value.members().map(|(_, member)| member).chain(value.items());
        parts
            .filter(|part| part.is_object() || part.is_array())
            .for_each(|part| tell_keys(part, depth + 1, told));
    }
}

/// What `key` to `end` is called, and what kind of range it is.
fn target(key: Cow<'_, str>, end: &str) -> (Text, Option<&'static str>) {
    let is_prefix = || match (key.as_bytes().split_last(), end.as_bytes().split_last()) {
        (Some((last, key)), Some((next, end))) => key == end && last.checked_add(1) == Some(*next),
        _ => false,
    };
    match (key.as_ref(), end) {
        (_, "") => (key.as_ref().into(), None),
        // A zero at the end stands for the end of all keys, one as the key for their beginning.
        ("\0" | "", "\0") => ("*".into(), Some("all")),
        (key, "\0") => (format!("{key}..").into(), Some("from")),
        (key, _) if is_prefix() => (format!("{key}*").into(), Some("prefix")),
        (key, end) => (format!("{key}..{end}").into(), Some("range")),
    }
}

/// Keys and values that an answer holds, a row each; of an event that removes one, the value is nothing.
fn tell_rows(value: Value<'_>, depth: usize, told: &mut Told) {
    for (name, member) in value.members() {
        if let "kvs" | "events" = name {
            for item in member.items() {
                let found = item.get("kv").unwrap_or(item);
                let part = |name| found.get(name).and_then(Value::text).unwrap_or_default();
                if told.samples.len() < SAMPLES && found.get("key").is_some() {
                    let is_gone = item.get("type").is_some_and(|is| is.raw() == "\"DELETE\"");
                    told.samples.add(64, |row| {
                        row.push(&part("key"));
                        if is_gone { row.push_null() } else { row.push(&part("value")) }
                    });
                }
            }
        } else if depth < DEPTH {
            tell_rows(member, depth + 1, told);
            member.items().for_each(|item| tell_rows(item, depth + 1, told));
        }
    }
}

/// How many things a document holds of what it is about.
pub(super) fn count(value: Value<'_>, depth: usize) -> u64 {
    let of_member = |(name, member): (&str, Value<'_>)| match LISTS.contains(&name) {
        true => member.items().count() as u64,
        false if depth < DEPTH => {
            count(member, depth + 1) + member.items().map(|item| count(item, depth + 1)).sum::<u64>()
        }
        false => 0,
    };
    value.members().map(of_member).sum()
}

/// How many keys were changed.
#[derive(Default)]
struct Changed {
    deleted: Option<u64>,
    put: u64,
}

impl Changed {
    fn hear(&mut self, value: Value<'_>, depth: usize) {
        for (name, member) in value.members() {
            match name {
                "deleted" => {
                    let deleted = member.integer().and_then(|deleted| u64::try_from(deleted).ok());
                    self.deleted = Some(self.deleted.unwrap_or(0) + deleted.unwrap_or(0));
                }
                "response_put" => self.put += 1,
                _ if depth < DEPTH => {
                    self.hear(member, depth + 1);
                    member.items().for_each(|item| self.hear(item, depth + 1));
                }
                _ => {}
            }
        }
    }

    fn keys(&self, operation: &str) -> Option<u64> {
        match operation {
            "Put" => Some(1),
            // A number that is 0 is not said.
            "DeleteRange" => Some(self.deleted.unwrap_or(0)),
            "Txn" => Some(self.deleted.unwrap_or(0) + self.put),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::target;

    #[test]
    fn ranges_are_called_what_they_are() {
        for (key, end, told, range) in [
            ("a", "", "a", None),
            ("users/", "users0", "users/*", Some("prefix")),
            ("a", "c", "a..c", Some("range")),
            ("a", "\0", "a..", Some("from")),
            ("\0", "\0", "*", Some("all")),
            ("ab", "b", "ab..b", Some("range")),
        ] {
            let (name, kind) = target(key.into(), end);
            assert_eq!((&*name, kind), (told, range));
        }
    }
}
