//! Zeek's logs of LDAP: one of searches, one of all else.

use crate::expectations::zeek::{Row, rows};
use crate::expectations::{Expectation, line};
use crate::replayed::Access;

/// Our words of scopes, and Zeek's.
const SCOPES: [(&str, &str); 3] = [("base", "base"), ("one", "single"), ("sub", "tree")];

/// `ldap.log`: a row for each request that is no search.
pub(super) fn ldap(name: String, text: &str) -> Expectation {
    let of_row = |row: &Row| {
        let fact = |column: &str| row.get(column).cloned().unwrap_or_default();
        // Zeek tells the object that an OID names behind it, and the same of a log-in that goes on.
        let object = fact("object").split(" (").next().unwrap_or_default().to_owned();
        of_request([fact("id.orig_p"), fact("opcode"), object, fact("result")])
    };
    let lines = rows(text).iter().map(of_row).collect();
    let told_by = |heard: &[Access]| {
        let ldap = heard.iter().filter(|access| access.text("/protocol") == "ldap");
        ldap.filter(|access| !matches!(access.text("/operation"), "search" | "sealed"))
            .map(of_access)
            .collect()
    };
    Expectation { name, lines, told_by: Box::new(told_by) }
}

fn of_access(access: &Access) -> String {
    let port = access.number("/client/port").unwrap_or_default().to_string();
    let statement = access.text("/statement");
    let oid = access.text("/details/oid");
    let opcode = match access.text("/operation") {
        "bind" if statement.contains("\" SASL ") => "bind SASL",
        "bind" if statement.contains("\" sicily_negotiate") => "sicily_negotiate",
        "bind" if statement.contains("\" sicily_response") => "sicily_response",
        "bind" => "bind simple",
        _ if !oid.is_empty() => "extended",
        operation => operation,
    };
    let object = if oid.is_empty() { access.text("/targets/0") } else { oid };
    of_request([port, opcode.to_owned(), object.to_owned(), result(access)])
}

fn of_request([port, opcode, object, result]: [String; 4]) -> String {
    line(&[("port", port), ("opcode", opcode), ("object", object), ("result", letters(&result))])
}

/// `ldap_search.log`: a row for each search.
pub(super) fn ldap_search(name: String, text: &str) -> Expectation {
    let of_row = |row: &Row| {
        let fact = |column: &str| row.get(column).cloned().unwrap_or_default();
        let words = [fact("id.orig_p"), fact("scope"), fact("base_object"), fact("filter")];
        of_search(words, &fact("result_count"), &fact("result"))
    };
    let lines = rows(text).iter().map(of_row).collect();
    let told_by = |heard: &[Access]| {
        let searches = heard.iter().filter(|access| access.text("/operation") == "search");
        searches.map(of_searching).collect()
    };
    Expectation { name, lines, told_by: Box::new(told_by) }
}

fn of_searching(access: &Access) -> String {
    let port = access.number("/client/port").unwrap_or_default().to_string();
    let base = access.text("/targets/0").to_owned();
    let behind = access.text("/statement").replacen(&format!("search \"{base}\" "), "", 1);
    let (scope, rest) = behind.split_once(' ').unwrap_or_default();
    let scope = SCOPES.iter().find(|(ours, _)| *ours == scope).map_or("", |(_, theirs)| theirs);
    let end = rest.rfind(')').map_or(0, |end| end + 1);
    let filter = rest.get(..end).unwrap_or_default().to_owned();
    // Zeek counts what did not come as 0.
    let rows = access.number("/rows").unwrap_or_default().to_string();
    of_search([port, scope.to_owned(), base, filter], &rows, &result(access))
}

fn of_search([port, scope, base, filter]: [String; 4], rows: &str, result: &str) -> String {
    line(&[
        ("port", port),
        ("scope", scope),
        ("base", base),
        ("filter", filter),
        ("rows", rows.to_owned()),
        ("result", letters(result)),
    ])
}

/// The name of the result, where there was one.
fn result(access: &Access) -> String {
    let told = [access.text("/error/code"), access.text("/details/result")];
    match (access.text("/outcome"), told) {
        ("ok", ["", ""]) => "success".to_owned(),
        ("ok" | "error", told) => told.concat(),
        _ => String::new(),
    }
}

/// `SASL bind in progress` and `saslBindInProgress` are one.
fn letters(name: &str) -> String {
    name.to_lowercase().replace(' ', "")
}
