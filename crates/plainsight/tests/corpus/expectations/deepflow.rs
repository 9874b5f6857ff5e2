//! DeepFlow's results: a line for each message that its agent reads, in JSON or as Rust prints a struct.

use serde_json::Value;

use crate::expectations::{Expectation, folded, line};
use crate::replayed::Access;

/// DeepFlow cuts a statement here.
const STATEMENT: usize = 1024;

/// Statements where they are prepared, and the rows of each answer.
pub(super) fn postgresql(name: String, text: &str) -> Expectation {
    let messages = text.lines().filter_map(|line| {
        let json = line.rsplit_once(" is_pgsql").map_or(line, |(json, _)| json);
        serde_json::from_str::<Value>(json).ok()
    });
    let lines = messages.filter_map(|message| of_message(&message)).collect();
    let told_by = |heard: &[Access]| heard.iter().flat_map(of_postgresql).collect();
    Expectation { name, lines, told_by: Box::new(told_by) }
}

fn of_message(message: &Value) -> Option<String> {
    if let Some(statement) = message["request_resource"].as_str() {
        return Some(prepared(statement));
    }
    (message["msg_type"] == "Response").then(|| answered(message["sql_affected_rows"].as_u64()))
}

fn of_postgresql(access: &Access) -> Vec<String> {
    let statement = Some(access.text("/statement")).filter(|statement| !statement.is_empty());
    let rows = access.number("/rows").or(access.number("/affected"));
    statement.map(prepared).into_iter().chain([answered(rows)]).collect()
}

fn prepared(statement: &str) -> String {
    let statement: String = folded(statement).chars().take(STATEMENT).collect();
    line(&[("statement", statement.trim_end().to_owned())])
}

fn answered(rows: Option<u64>) -> String {
    line(&[("rows", rows.unwrap_or_default().to_string())])
}

/// Statements where they are sent, log-ins, and how each answer ended.
pub(super) fn mysql(name: String, text: &str) -> Expectation {
    let messages = text.lines().filter_map(|line| {
        let json = line.rsplit_once(" is_mysql").map_or(line, |(json, _)| json);
        serde_json::from_str::<Value>(json).ok()
    });
    let lines = messages.filter_map(|message| of_mysql_message(&message)).collect();
    let told_by = |heard: &[Access]| heard.iter().flat_map(of_mysql).collect();
    Expectation { name, lines, told_by: Box::new(told_by) }
}

/// The numbers of COM_QUERY and COM_STMT_PREPARE, whose statements DeepFlow tells.
const STATEMENTS: [u64; 2] = [3, 22];

fn of_mysql_message(message: &Value) -> Option<String> {
    let resource = message["request_resource"].as_str().unwrap_or_default();
    match message["msg_type"].as_str() {
        Some("Response") => Some(ended(if message["response_status"] == "ok" { "ok" } else { "error" })),
        Some("Request") if message["request_type"].as_u64().is_some_and(|n| STATEMENTS.contains(&n)) => {
            Some(prepared(resource))
        }
        Some("Request") => {
            let user = resource.strip_prefix("Login username: ")?.split(' ').next()?;
            Some(line(&[("login", user.to_owned())]))
        }
        _ => None,
    }
}

fn of_mysql(access: &Access) -> Vec<String> {
    let asked = match (access.text("/operation"), access.text("/statement")) {
        ("login", _) => Some(line(&[("login", access.text("/session/user").to_owned())])),
        (_, "") => None,
        // It tells the values of an execution, and not what is run.
        _ if !access.text("/parameters/0").is_empty() => None,
        (_, statement) => Some(prepared(statement)),
    };
    let outcome = Some(access.text("/outcome")).filter(|outcome| matches!(*outcome, "ok" | "error"));
    asked.into_iter().chain(outcome.map(ended)).collect()
}

fn ended(outcome: &str) -> String {
    line(&[("outcome", outcome.to_owned())])
}

/// Requests and answers of HTTP/1.
pub(super) fn http(name: String, text: &str) -> Expectation {
    let lines = text.lines().filter(|line| line.contains("proto: Http1")).map(of_struct).collect();
    let told_by = |heard: &[Access]| heard.iter().flat_map(of_http).collect();
    Expectation { name, lines, told_by: Box::new(told_by) }
}

/// A field of a struct, as Rust prints it.
pub(super) fn field(message: &str, name: &str) -> String {
    let value = message.split_once(&format!(" {name}: ")).and_then(|(_, rest)| rest.split(", ").next());
    let value = value.unwrap_or_default().trim_matches('"');
    value.strip_prefix("Some(").and_then(|some| some.strip_suffix(')')).unwrap_or(value).to_owned()
}

fn of_struct(message: &str) -> String {
    let field = |name| field(message, name);
    if field("msg_type") == "Response" {
        return line(&[("status", field("status_code"))]);
    }
    line(&[("method", field("method").to_uppercase()), ("host", field("host")), ("uri", field("path"))])
}

fn of_http(access: &Access) -> [String; 2] {
    let uri = access.text("/statement").split_once(' ').map(|(_, uri)| uri.to_owned()).unwrap_or_default();
    let method = access.text("/operation").to_owned();
    let request = [("method", method), ("host", access.text("/details/http/host").to_owned()), ("uri", uri)];
    let status = access.number("/details/http/status").map(|status| status.to_string()).unwrap_or_default();
    [line(&request), line(&[("status", status)])]
}

/// Commands of Redis, and the errors that answer them.
pub(super) fn redis(name: String, text: &str) -> Expectation {
    let lines = text
        .lines()
        .flat_map(|line| [told("request", quoted(line, "request")), told("error", quoted(line, "error"))]);
    let lines = lines.flatten().collect();
    let told_by = |heard: &[Access]| heard.iter().flat_map(of_redis).collect();
    Expectation { name, lines, told_by: Box::new(told_by) }
}

/// DeepFlow writes words with blanks as they are.
fn of_redis(access: &Access) -> Vec<String> {
    let error = match access.text("/error/code") {
        "" => None,
        code => Some(format!("-{code} {}", access.text("/error/message"))),
    };
    [told("request", Some(access.text("/statement").replace('"', ""))), told("error", error)]
        .into_iter()
        .flatten()
        .collect()
}

/// The text behind a name, in quotes.
fn quoted(line: &str, name: &str) -> Option<String> {
    let (_, rest) = line.split_once(&format!(" {name}: \""))?;
    rest.split('"').next().map(str::to_owned)
}

fn told(name: &str, text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(|text| line(&[(name, text)]))
}

/// Commands of memcached; of their answers, it tells the first line.
pub(super) fn memcached(name: String, text: &str) -> Expectation {
    let request = |line: &str| {
        let (_, rest) = line.split_once("MemcachedInfo { msg_type: Request request: ")?;
        told("request", rest.split(" req_size:").next().map(str::to_owned))
    };
    let lines = text.lines().filter_map(request).collect();
    let told_by = |heard: &[Access]| {
        heard
            .iter()
            .filter_map(|access| told("request", Some(access.text("/statement").to_owned())))
            .collect()
    };
    Expectation { name, lines, told_by: Box::new(told_by) }
}

/// Packets of MQTT that are requests or messages.
pub(super) fn mqtt(name: String, text: &str) -> Expectation {
    let lines = text.lines().filter_map(of_mqtt_packet).collect();
    let is_ours = |access: &&Access| access.text("/protocol") == "mqtt";
    let told_by = move |heard: &[Access]| heard.iter().filter(is_ours).map(of_mqtt).collect();
    Expectation { name, lines, told_by: Box::new(told_by) }
}

fn of_mqtt_packet(message: &str) -> Option<String> {
    let (_, kind) = message.split_once("pkt_type: ")?;
    let kind = kind.split([' ', ',']).next()?;
    let asked = ["Connect", "Publish", "Subscribe", "Unsubscribe", "Pingreq", "Disconnect"];
    asked.contains(&kind).then_some(())?;
    let quality = match message.split_once("dup: ").and_then(|(_, rest)| rest.split(" qos: ").nth(1)) {
        Some(quality) if quality.starts_with("AtLeastOnce") => "1",
        Some(quality) if quality.starts_with("ExactlyOnce") => "2",
        Some(_) | None => "0",
    };
    let some = |name: &str| {
        let (_, rest) = message.split_once(&format!("{name}: Some(\""))?;
        rest.split('"').next().map(str::to_owned)
    };
    Some(mqtt_packet(kind, some("client_id").or_else(|| some("endpoint")).unwrap_or_default(), quality))
}

fn of_mqtt(access: &Access) -> String {
    let operation = access.text("/operation");
    let who = match operation {
        "CONNECT" => access.text("/session/application").to_owned(),
        _ => access.texts("/targets").join(","),
    };
    let quality = access.number("/details/qos").unwrap_or_default().to_string();
    mqtt_packet(operation, who, &quality)
}

fn mqtt_packet(kind: &str, who: String, quality: &str) -> String {
    line(&[("packet", kind.to_uppercase()), ("who", who), ("qos", quality.to_owned())])
}

/// Requests of Kafka, and how each answer ended.
pub(super) fn kafka(name: String, text: &str) -> Expectation {
    let lines = text.lines().filter(|line| line.starts_with("KafkaInfo")).map(of_kafka_message).collect();
    let told_by = |heard: &[Access]| heard.iter().flat_map(of_kafka).collect();
    Expectation { name, lines, told_by: Box::new(told_by) }
}

fn of_kafka_message(message: &str) -> String {
    let field = |name| field(message, name);
    if field("msg_type") == "Response" {
        return ended(if field("status") == "Ok" { "ok" } else { "error" });
    }
    let named = [("api_key", "command"), ("api_version", "version"), ("client_id", "client")];
    let named = named.map(|(theirs, ours)| (ours, field(theirs)));
    line(&[&named[..], &[("topic", field("topic_name")), ("group", field("group_id"))]].concat())
}

/// It tells topics of records, and groups of those who join.
fn of_kafka(access: &Access) -> Vec<String> {
    let command = access.text("/operation");
    let (topic, group) = match command {
        "Produce" | "Fetch" => (access.text("/targets/0"), ""),
        "JoinGroup" | "SyncGroup" => ("", access.text("/details/group")),
        _ => ("", ""),
    };
    let version = access.number("/details/api_version").map(|version| version.to_string());
    let request = line(&[
        ("command", command.to_owned()),
        ("version", version.unwrap_or_default()),
        ("client", access.text("/session/application").to_owned()),
        ("topic", topic.to_owned()),
        ("group", group.to_owned()),
    ]);
    let outcome = Some(access.text("/outcome")).filter(|outcome| matches!(*outcome, "ok" | "error"));
    [request].into_iter().chain(outcome.map(ended)).collect()
}

/// What NATS's clients and servers say, but for signs of life.
pub(super) fn nats(name: String, text: &str) -> Expectation {
    let lines = text.lines().filter_map(of_nats_line).collect();
    let told_by = |heard: &[Access]| heard.iter().flat_map(of_nats).collect();
    Expectation { name, lines, told_by: Box::new(told_by) }
}

fn of_nats_line(message: &str) -> Option<String> {
    let (_, message) = message.split_once("message: ")?;
    let kind = message.split('(').next()?.to_uppercase();
    let is_said = ["CONNECT", "SUB", "UNSUB", "PUB", "HPUB", "MSG", "HMSG", "ERR"].contains(&kind.as_str());
    let subject = quoted(message, "{ subject").unwrap_or_default();
    is_said.then(|| nats_line(&kind, &subject))
}

/// The answer to a message is one more of theirs, with headers or without.
fn of_nats(access: &Access) -> Vec<String> {
    let mut words = access.text("/statement").split_whitespace();
    let word = words.next().unwrap_or_default();
    let subject = words.next().unwrap_or_default();
    match word {
        "PING" => Vec::new(),
        "CONNECT" => vec![nats_line(word, "")],
        "-ERR" => vec![nats_line("ERR", "")],
        "PUB" | "HPUB" if access.number("/rows").is_some() => {
            let answer = if word == "PUB" { "MSG" } else { "HMSG" };
            vec![nats_line(word, subject), nats_line(answer, access.text("/details/reply_to"))]
        }
        _ => vec![nats_line(word, subject)],
    }
}

fn nats_line(word: &str, subject: &str) -> String {
    line(&[("says", word.to_owned()), ("subject", subject.to_owned())])
}

/// Commands of Pulsar by their numbers, those that it calls a session's left out but for messages and acknowledgements.
const PULSAR: [(u64, &str); 10] = [
    (2, "Connect"),
    (4, "Subscribe"),
    (5, "Producer"),
    (6, "Send"),
    (9, "Message"),
    (10, "Ack"),
    (15, "CloseProducer"),
    (16, "CloseConsumer"),
    (21, "PartitionedMetadata"),
    (23, "Lookup"),
];

/// Commands of Pulsar, and how long each answer took.
pub(super) fn pulsar(name: String, text: &str) -> Expectation {
    let messages = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let lines = messages.filter_map(|message| of_pulsar_message(&message)).collect();
    let told_by = |heard: &[Access]| heard.iter().flat_map(of_pulsar).collect();
    Expectation { name, lines, told_by: Box::new(told_by) }
}

fn of_pulsar_message(message: &Value) -> Option<String> {
    if message["msg_type"] == "Response" {
        return Some(line(&[("latency", message["rtt"].to_string())]));
    }
    let number = message["command"]["type"].as_u64()?;
    let (_, name) = PULSAR.iter().find(|(known, _)| *known == number)?;
    let said = message["command"].as_object()?.values().find(|value| value.is_object());
    let topic = said.and_then(|said| said["topic"].as_str()).unwrap_or_default();
    Some(line(&[("command", (*name).to_owned()), ("topic", topic.to_owned())]))
}

/// It tells the topic where the command itself names it.
fn of_pulsar(access: &Access) -> Vec<String> {
    let command = access.text("/operation");
    let topic = match command {
        "Message" | "Ack" | "CloseConsumer" | "CloseProducer" | "Send" => "",
        _ => access.text("/targets/0"),
    };
    let request = line(&[("command", command.to_owned()), ("topic", topic.to_owned())]);
    let latency = access.number("/latency_us").map(|latency| line(&[("latency", latency.to_string())]));
    [request].into_iter().chain(latency).collect()
}

/// Requests of RocketMQ, and how each ended and when.
pub(super) fn rocketmq(name: String, text: &str) -> Expectation {
    let lines =
        text.lines().filter(|line| line.starts_with("RocketmqInfo")).map(of_rocketmq_message).collect();
    let told_by = |heard: &[Access]| heard.iter().flat_map(of_rocketmq).collect();
    Expectation { name, lines, told_by: Box::new(told_by) }
}

fn of_rocketmq_message(message: &str) -> String {
    let field = |name| field(message, name);
    if field("msg_type") == "Response" {
        return line(&[("outcome", field("status").to_lowercase()), ("latency", field("rrt"))]);
    }
    rocketmq_line([field("req_code_name"), field("ext_topic"), field("ext_group"), field("ext_queue_id")])
}

fn of_rocketmq(access: &Access) -> Vec<String> {
    let told = ["/operation", "/targets/0", "/details/group"].map(|at| access.text(at).to_owned());
    let queue = access.number("/details/queue").map(|queue| queue.to_string()).unwrap_or_default();
    let [operation, topic, group] = told;
    let request = rocketmq_line([operation, topic, group, queue]);
    let response = access.number("/latency_us").map(|latency| {
        line(&[("outcome", access.text("/outcome").to_owned()), ("latency", latency.to_string())])
    });
    [request].into_iter().chain(response).collect()
}

fn rocketmq_line([request, topic, group, queue]: [String; 4]) -> String {
    line(&[("request", request), ("topic", topic), ("group", group), ("queue", queue)])
}

/// Methods of AMQP that ask or tell something; and the log-in, which answers to DeepFlow.
pub(super) fn amqp(name: String, text: &str) -> Expectation {
    let lines = text.lines().filter_map(of_amqp_frame).collect();
    let told_by = |heard: &[Access]| heard.iter().map(of_amqp).collect();
    Expectation { name, lines, told_by: Box::new(told_by) }
}

/// What the server asks at first is part of a log-in to us.
const GREETINGS: [&str; 2] = ["connection.start", "connection.tune"];

fn of_amqp_frame(frame: &str) -> Option<String> {
    let field = |name: &str| {
        let (_, rest) = frame.split_once(&format!(" {name}: "))?;
        Some(rest.split([',', ' ']).next()?.to_lowercase())
    };
    let method = format!("{}.{}", field("class_id")?, field("method_id")?);
    if GREETINGS.contains(&method.as_str()) || method.ends_with("ok") && method != "connection.startok" {
        return None;
    }
    Some(amqp_line(&method, &some(frame, "queue").or_else(|| some(frame, "exchange")).unwrap_or_default()))
}

fn some(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!(" {name}: Some(\""))?;
    rest.split('"').next().map(str::to_owned)
}

fn of_amqp(access: &Access) -> String {
    let operation = access.text("/operation").replace("start-ok", "startok");
    let is_named = ["queue.", "exchange.", "basic."].iter().any(|class| operation.starts_with(class));
    amqp_line(&operation, if is_named { access.text("/targets/0") } else { "" })
}

fn amqp_line(method: &str, name: &str) -> String {
    line(&[("method", method.to_owned()), ("name", name.to_owned())])
}
