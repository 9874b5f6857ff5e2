//! Questions of DNS, as Zeek and DeepFlow log them.

use serde_json::Value;

use crate::expectations::zeek::{Row, rows};
use crate::expectations::{Expectation, line};
use crate::replayed::Access;

/// Zeek's `dns.log`: a row for each question, and for each answer without one.
pub(super) fn zeek(name: String, text: &str) -> Expectation {
    let lines = rows(text).iter().map(of_row).collect();
    let told_by = |heard: &[Access]| heard.iter().filter(is_dns).map(of_question).collect();
    Expectation { name, lines, told_by: Box::new(told_by) }
}

fn is_dns(access: &&Access) -> bool {
    access.text("/protocol") == "dns"
}

fn of_row(row: &Row) -> String {
    let fact = |column: &str| row.get(column).cloned().unwrap_or_default();
    let kind = fact("qtype_name");
    let answers = row.get("TTLs").map(|times| times.split(',').count());
    question([
        fact("id.orig_p"),
        kind.strip_prefix("query-").map_or(kind.clone(), |number| format!("TYPE{number}")),
        fact("query").to_lowercase(),
        fact("rcode_name"),
        answers.filter(|answers| *answers > 0).map(|answers| answers.to_string()).unwrap_or_default(),
    ])
}

fn of_question(access: &Access) -> String {
    let code = match access.text("/outcome") {
        "ok" => "NOERROR",
        "error" => access.text("/error/code"),
        _ => "",
    };
    let kind = match access.text("/operation") {
        "ANY" => "*",
        kind => kind,
    };
    let answers = access.number("/rows").filter(|answers| *answers > 0);
    question([
        access.number("/client/port").unwrap_or_default().to_string(),
        kind.to_owned(),
        access.text("/targets/0").trim_end_matches('.').to_lowercase(),
        code.to_owned(),
        answers.map(|answers| answers.to_string()).unwrap_or_default(),
    ])
}

fn question([port, kind, name, code, answers]: [String; 5]) -> String {
    line(&[("port", port), ("type", kind), ("name", name), ("code", code), ("answers", answers)])
}

/// DeepFlow's messages: questions, and answers with how long each took.
pub(super) fn deepflow(name: String, text: &str) -> Expectation {
    let messages = text.lines().filter_map(|line| {
        let (json, _) = line.rsplit_once(" headers_offset: ")?;
        serde_json::from_str::<Value>(json).ok()
    });
    let lines = messages.map(|message| of_message(&message)).collect();
    let told_by = |heard: &[Access]| heard.iter().filter(is_dns).flat_map(of_both).collect();
    Expectation { name, lines, told_by: Box::new(told_by) }
}

fn of_message(message: &Value) -> String {
    let text = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
    let asked = [("type", text("request_type")), ("name", text("request_resource").to_lowercase())];
    if text("msg_type") == "Request" {
        return line(&asked);
    }
    let outcome = if message["response_code"] == 0 { "ok" } else { "error" };
    let ended = [("outcome", outcome.to_owned()), ("latency", message["rrt"].to_string())];
    line(&[asked, ended].concat())
}

fn of_both(access: &Access) -> Vec<String> {
    let name = access.text("/targets/0").trim_end_matches('.').to_lowercase();
    let asked = [("type", access.text("/operation").to_owned()), ("name", name)];
    let answered = access.number("/latency_us").map(|latency| {
        let ended = [("outcome", access.text("/outcome").to_owned()), ("latency", latency.to_string())];
        line(&[asked.clone(), ended].concat())
    });
    [line(&asked)].into_iter().chain(answered).collect()
}
