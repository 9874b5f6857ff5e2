//! Zeek's log of FTP: a row for each command of the kinds that it was told to log.

use std::collections::BTreeSet;

use crate::expectations::zeek::{Row, rows};
use crate::expectations::{Expectation, line};
use crate::replayed::Access;

/// `ftp.log`; what it says of the greeting is of no command.
pub(super) fn ftp(name: String, text: &str) -> Expectation {
    let rows = rows(text);
    let logged: BTreeSet<_> = rows.iter().filter_map(|row| row.get("command").cloned()).collect();
    let lines = rows.iter().filter(|row| row["command"] != "<init>").map(of_row).collect();
    let told_by = move |heard: &[Access]| {
        let is_logged = |access: &&Access| {
            access.text("/protocol") == "ftp" && logged.contains(access.text("/operation"))
        };
        heard.iter().filter(is_logged).map(of_command).collect()
    };
    Expectation { name, lines, told_by: Box::new(told_by) }
}

fn of_row(row: &Row) -> String {
    let fact = |column: &str| row.get(column).cloned().unwrap_or_default();
    let outcome = match fact("reply_code").as_bytes() {
        [b'4' | b'5', ..] => "error",
        [b'1'..=b'3', ..] => "ok",
        _ => "",
    };
    let words = [fact("id.orig_p"), fact("user"), fact("command"), fact("arg"), outcome.to_owned()];
    command(words, fact("data_channel.resp_p"))
}

fn of_command(access: &Access) -> String {
    let operation = access.text("/operation");
    let argument = access.text("/statement").strip_prefix(operation).unwrap_or_default().trim_start();
    let outcome = Some(access.text("/outcome")).filter(|outcome| matches!(*outcome, "ok" | "error"));
    // `HOST:PORT`, or `port PORT` where the host is the server.
    let data = access.text("/details/data").rsplit([':', ' ']).next().unwrap_or_default();
    let port = access.number("/client/port").unwrap_or_default().to_string();
    let words = [access.text("/session/user"), operation, argument, outcome.unwrap_or_default()];
    let [user, operation, argument, outcome] = words.map(str::to_owned);
    command([port, user, operation, argument, outcome], data.to_owned())
}

fn command([port, user, command, argument, outcome]: [String; 5], data: String) -> String {
    // Who asks to be let in is nobody yet to us; Zeek tells a path from the root on, as an address.
    let (user, argument) = match command.as_str() {
        "USER" => (String::new(), argument),
        "PASS" => (String::new(), String::new()),
        _ => (user, argument.rsplit('/').next().unwrap_or_default().to_owned()),
    };
    line(&[
        ("port", port),
        ("user", user),
        ("command", command),
        ("argument", argument),
        ("outcome", outcome),
        ("data", data),
    ])
}
