//! Calls of one program by another: Dubbo, by DeepFlow.

use super::deepflow::field;
use super::{Expectation, line};
use crate::replayed::Access;

/// What DeepFlow says of Dubbo: a line for each request, and one for each response.
pub(super) fn dubbo(name: String, text: &str) -> Expectation {
    let lines = text.lines().filter(|line| line.starts_with("DubboInfo")).map(of_dubbo_message).collect();
    let told_by = |heard: &[Access]| heard.iter().flat_map(of_dubbo).collect();
    Expectation { name, lines, told_by: Box::new(told_by) }
}

fn of_dubbo_message(message: &str) -> String {
    let field = |name| field(message, name);
    if field("msg_type") == "Response" {
        let outcome = if field("status_code") == "20" { "ok" } else { "error" };
        return line(&[("outcome", outcome.to_owned()), ("latency", field("rrt"))]);
    }
    dubbo_line(["dubbo_version", "service_name", "service_version", "method_name"].map(field))
}

fn of_dubbo(access: &Access) -> Vec<String> {
    let told = ["/details/dubbo", "/targets/0", "/details/service_version", "/operation"];
    let request = dubbo_line(told.map(|at| access.text(at).to_owned()));
    let response = access.number("/latency_us").map(|latency| {
        line(&[("outcome", access.text("/outcome").to_owned()), ("latency", latency.to_string())])
    });
    [request].into_iter().chain(response).collect()
}

fn dubbo_line([dubbo, service, version, method]: [String; 4]) -> String {
    line(&[("dubbo", dubbo), ("service", service), ("version", version), ("method", method)])
}
