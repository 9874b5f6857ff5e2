//! gRPC, a protocol inside of HTTP/2: <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>.
//!
//! | HTTP/2 says | the house hears |
//! |---|---|
//! | `:path` `/package.Service/Method` | operation `Method`, target `package.Service/Method`, the path as the statement |
//! | a message of the request | a parameter: its fields by number, `{1: "text", 2: 42}` |
//! | a message of the response | a row; the first ones as samples |
//! | `grpc-status`, `grpc-message`, in trailers or a lone head | the outcome, the error |
//! | the end of a stream without them | an error; unknown, where the header table hides it or the connection ended first |
//!
//! The messages of well-known services are read by name: see [`calls`](crate::web::calls). Others have no schema here: what their bytes may be is told as the likeliest of it. What services of credentials are
//! asked and say (`Authenticate`, `Login`) is masked as a whole.

pub(in crate::web) mod answered;
pub(in crate::web) mod asked;
pub(in crate::web) mod call;
mod known;
pub(in crate::web) mod messages;
mod protobuf;
pub(in crate::web) mod reading;
pub(in crate::web) mod schema;
pub(in crate::web) mod structs;
mod writing;

/// Whether a request or response of this content type is a call's.
pub(in crate::web) fn is_call(media: &[u8]) -> bool {
    const CALL: &[u8] = b"application/grpc";
    media.get(..CALL.len()).is_some_and(|media| media.eq_ignore_ascii_case(CALL))
        && matches!(media.get(CALL.len()), None | Some(b'+' | b';' | b'-' | b' '))
}
