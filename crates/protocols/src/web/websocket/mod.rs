//! WebSocket: RFC 6455, with compressed messages (RFC 7692), behind an upgrade in HTTP/1 and on streams of HTTP/2 (RFC 8441).
//!
//! | the wire says | the house hears |
//! |---|---|
//! | a message of text, in one frame or in several | [`Heard::Sent`]: operation `text`; the text as the statement, credentials of documents masked |
//! | a message of bytes | operation `binary`, and how long it is |
//! | a ping, a pong, between the frames of a message too | [`Heard::Oneway`]: `ping`, `pong` |
//! | a close with a code other than 1000 and 1001 | `close` with an error: code and reason |
//! | the request that was upgraded | the target of all of them: its path |
//! | lengths, masks, codes that cannot be | [`Stop::Broken`] |
//!
//! `websocket.from` says who spoke: each message stands for itself. Where messages are compressed with what was said before
//! (context takeover) and some of that was lost, the text of the following ones cannot be known, and is not told.
//!
//! [`Heard::Sent`]: crate::kit::protocol::Heard::Sent
//! [`Heard::Oneway`]: crate::kit::protocol::Heard::Oneway
//! [`Stop::Broken`]: crate::kit::protocol::Stop::Broken

mod inflate;
mod message;
mod talk;
mod wire;

pub(in crate::web) use talk::Websocket;
