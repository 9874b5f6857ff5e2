//! DeepFlow's messages of HTTP/2 and gRPC.

use crate::expectations::deepflow::field;
use crate::expectations::{Expectation, line};
use crate::replayed::Access;

/// Requests by where they go, and answers by how they ended.
pub(super) fn deepflow(name: String, text: &str) -> Expectation {
    let lines = text.lines().filter(|line| line.ends_with(" is_http: true")).filter_map(of_message).collect();
    let told_by = |heard: &[Access]| heard.iter().flat_map(of_call).collect();
    Expectation { name, lines, told_by: Box::new(told_by) }
}

/// It tells more of an answer when its trailers come, and less when it came in the middle.
fn of_message(message: &str) -> Option<String> {
    let field = |name| Some(field(message, name)).filter(|value| value != "None");
    if field("msg_type")? == "Request" {
        let told = |name| field(name).unwrap_or_default();
        return Some(line(&[("path", told("path")), ("host", told("host"))]));
    }
    let status = field("status_code")?;
    let outcome = field("grpc_status_code").map(|code| if code == "0" { "ok" } else { "error" });
    Some(answered(status, outcome))
}

fn of_call(access: &Access) -> Vec<String> {
    let http = |name: &str| access.text(&format!("/details/http/{name}")).replace("unknown", "");
    let request = line(&[("path", http("path")), ("host", http("host"))]);
    let is_grpc = access.text("/protocol") == "grpc";
    let outcome = Some(access.text("/outcome")).filter(|_| is_grpc);
    let status = access.number("/details/http/status").map(|status| answered(status.to_string(), outcome));
    [request].into_iter().chain(status).collect()
}

fn answered(status: String, outcome: Option<&str>) -> String {
    line(&[("status", status), ("outcome", outcome.unwrap_or_default().to_owned())])
}
