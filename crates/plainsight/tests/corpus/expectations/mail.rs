//! Zeek's log of SMTP: a row for each message, and for each connection without one.

use crate::expectations::zeek::{Row, rows};
use crate::expectations::{Expectation, folded, line};
use crate::replayed::Access;

/// `smtp.log`, as far as it is of messages that a server took.
pub(super) fn smtp(name: String, text: &str) -> Expectation {
    let of_row = |row: &Row| {
        let fact = |column: &str| row.get(column).cloned().unwrap_or_default();
        let reply = fact("last_reply").strip_prefix("250 ")?.to_owned();
        let recipients = fact("rcptto").split(',').map(str::to_owned).collect();
        let words =
            [fact("id.orig_p"), fact("helo"), fact("mailfrom"), fact("msg_id"), fact("subject"), reply];
        Some(of_message(words, recipients))
    };
    let lines = rows(text).iter().filter_map(of_row).collect();
    let told_by = |heard: &[Access]| heard.iter().filter_map(told).collect();
    Expectation { name, lines, told_by: Box::new(told_by) }
}

fn told(access: &Access) -> Option<String> {
    let is_message = access.text("/protocol") == "smtp" && access.number("/details/size").is_some();
    if !is_message || access.text("/outcome") != "ok" {
        return None;
    }
    let detail = |name: &str| access.text(&format!("/details/{name}")).to_owned();
    let port = access.number("/client/port").unwrap_or_default().to_string();
    let targets = (0..).map(|at| access.text(&format!("/targets/{at}")).to_owned());
    let recipients = targets.take_while(|target| !target.is_empty()).collect();
    let helo = access.text("/session/application").to_owned();
    let words = [port, helo, detail("sender"), detail("message_id"), detail("subject"), detail("reply")];
    Some(of_message(words, recipients))
}

fn of_message([port, helo, sender, id, subject, reply]: [String; 6], mut recipients: Vec<String>) -> String {
    recipients.sort();
    line(&[
        ("port", port),
        ("helo", helo),
        ("sender", sender),
        ("recipients", recipients.join(",")),
        ("id", id),
        ("subject", folded(&subject)),
        ("reply", reply),
    ])
}
