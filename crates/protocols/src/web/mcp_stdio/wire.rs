//! Lines of JSON-RPC 2.0: whether bytes are such, and what is kept of a long one.

use memchr::memchr;

use crate::kit::chain::Chain;
use crate::kit::text::utf8;
use crate::web::json::Value;
use crate::web::mcp::message::Message;

/// Of a line so many bytes are read; what is longer brings a file or a picture.
pub(super) const LINE: usize = 64 << 10;

/// Of what is longer, so many of its last bytes are kept: some write the `id` there.
pub(super) const END: usize = 128;

/// So many lines are looked at to say whose they are.
const LINES: usize = 8;

/// Of a line that has no end yet, so many bytes must begin like one.
const BEGINNING: usize = 64;

/// Whether `bytes` are lines of JSON-RPC, of which one has a method that nobody else has: Language servers have lengths
/// before their messages, and other methods.
pub(super) fn chain(bytes: &[u8]) -> Chain {
    let mut rest = bytes;
    let mut is_sure = false;
    for _ in 0..LINES {
        let Some(end) = memchr(b'\n', rest) else { break };
        let (line, behind) = rest.split_at_checked(end + 1).unwrap_or((rest, b""));
        rest = behind;
        match judge(line) {
            Some(sure) => is_sure |= sure,
            None => return Chain::Broken,
        }
    }
    let begins = rest.get(..BEGINNING).unwrap_or(rest).trim_ascii_start();
    match begins.first() {
        Some(b'{' | b'[') | None => {}
        Some(_) if is_sure => {}
        Some(_) => return Chain::Broken,
    }
    if is_sure { Chain::Sound } else { Chain::Open }
}

/// Whether a whole line is of this protocol alone, or may be; `None` where it is no JSON-RPC.
fn judge(line: &[u8]) -> Option<bool> {
    let line = utf8(line)?.trim_ascii();
    if line.is_empty() {
        return Some(false);
    }
    let value = whole(line)?;
    let mut messages = value.items();
    let message = if value.is_array() { messages.next()? } else { value };
    let version = message.get("jsonrpc").and_then(Value::text)?;
    let message = Message::of(message);
    (version == "2.0" && (message.method.is_some() || message.responds)).then(|| message.is_sure())
}

/// The object or array that a line is, if it is one and nothing else.
pub(super) fn whole(line: &str) -> Option<Value<'_>> {
    let value = Value::of(line);
    let closes = match line.as_bytes().first()? {
        b'{' => "}",
        b'[' => "]",
        _ => return None,
    };
    (value.raw().len() == line.len() && line.ends_with(closes)).then_some(value)
}

/// The `id` at the end of a message of which only the end is kept: the last member, or the last but the version.
pub(super) fn last_id(end: &str) -> Option<&str> {
    let end = end.trim_ascii_end().strip_suffix('}')?.trim_ascii_end();
    let end = end.strip_suffix("\"2.0\"").map_or(Some(end), |end| {
        let end = end.trim_ascii_end().strip_suffix(':')?.trim_ascii_end();
        end.strip_suffix("\"jsonrpc\"")?.trim_ascii_end().strip_suffix(',').map(str::trim_ascii_end)
    })?;
    let (before, id) = end.rsplit_once("\"id\"")?;
    let id = id.trim_ascii_start().strip_prefix(':')?.trim_ascii();
    let is_number = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let is_string = id.len() > 1 && Value::of(id).text().is_some() && Value::of(id).raw().len() == id.len();
    (before.trim_ascii_end().ends_with(',') && (is_number || is_string)).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::{chain, last_id};
    use crate::kit::chain::Chain;

    const INITIALIZE: &str =
        r#"{"method":"initialize","params":{"protocolVersion":"2025-06-18"},"jsonrpc":"2.0","id":0}"#;

    #[test]
    fn only_whole_lines_with_its_own_methods_are_sure() {
        let judged = |bytes: &str| chain(bytes.as_bytes());
        assert_eq!(judged(&format!("{INITIALIZE}\n")), Chain::Sound);
        assert_eq!(judged(INITIALIZE), Chain::Open);
        assert_eq!(judged("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n"), Chain::Open);
        assert_eq!(judged("\n"), Chain::Open);
        for wrong in [
            "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"tools/list\"}\n",
            "{\"method\":\"tools/list\"}\n",
            "Content-Length: 10\r\n",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}POST / HTTP/1.1\r\n",
            "{\"jsonrpc\":\"2.0\",\"method\":\"tools/list\"\n",
            "\u{1}\n",
            "1\n",
        ] {
            assert_eq!(judged(wrong), Chain::Broken, "{wrong:?}");
        }
    }

    #[test]
    fn a_language_server_is_none() {
        let begins = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"processId":1}}"#;
        assert_eq!(chain(format!("Content-Length: 71\r\n\r\n{begins}").as_bytes()), Chain::Broken);
        assert_eq!(chain(format!("{begins}Content-Length: 71\r\n\r\n").as_bytes()), Chain::Broken);
        assert_eq!(chain(format!("{begins}\n").as_bytes()), Chain::Open);
    }

    #[test]
    fn an_id_is_found_at_the_end_of_a_message_alone() {
        assert_eq!(last_id(r#"..."}]},"jsonrpc":"2.0","id":12}"#), Some("12"));
        assert_eq!(last_id(r#"..."}]},"id":"a-1","jsonrpc":"2.0"}"#), Some("\"a-1\""));
        assert_eq!(last_id(r#"..."result":{"rows":[],"id":12}}"#), None);
        assert_eq!(last_id(r#"...,\"id\":12}"#), None);
        assert_eq!(last_id(r#"...,"id":{"a":1}"#), None);
        assert_eq!(last_id(""), None);
    }
}
