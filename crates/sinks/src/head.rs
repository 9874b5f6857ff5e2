//! The head of a line of JSON: what all exchanges of one session share.

use std::net::IpAddr;
use std::sync::Arc;

use model::access::Access;
use model::conn::{Address, ConnId, Layer, Role};
use model::event::Opened;
use model::exchange::{Identity, Text};
use model::process::Process;

use crate::json::Json;
use crate::middle::Last;
use crate::tail::Tail;

/// The parts of a line that every exchange of one session shares, as they were written last: the ends of the connection,
/// its processes, who the session is. They are half of a line, and most connections talk more than once.
#[derive(Debug)]
pub(crate) struct Heads(Box<[Option<Head>; HEADS]>);

#[derive(Debug)]
pub(crate) struct Head {
    conn: ConnId,
    opened: Arc<Opened>,
    layer: Layer,
    protocol: &'static str,
    identity: Option<Arc<Identity>>,
    server_name: Option<Text>,
    pub(crate) json: Json,
    pub(crate) last: Last,
    pub(crate) tail: Tail,
}

/// So many heads are remembered, each in the place that its connection's name gives it. A power of two.
const HEADS: usize = 256;

/// So many places lie between the connections of two processes that were started one after the other; odd, so that all
/// are used.
const STRIDE: u32 = 61;

impl Default for Heads {
    fn default() -> Self {
        Heads(Box::new(std::array::from_fn(|_| None)))
    }
}

impl Heads {
    /// The head of an access's line, from its protocol up to its operation.
    pub(crate) fn of(&mut self, access: &Access) -> &mut Head {
        // Descriptors are small and processes come in a row: the connections of either do not share a place.
        let spread = access.conn.fd.wrapping_add(access.conn.tgid.wrapping_mul(STRIDE));
        let place = &mut self.0[spread as usize % HEADS];
        if place.as_ref().is_some_and(|head| !head.is_of(access)) {
            *place = None;
        }
        place.get_or_insert_with(|| Head::of(access))
    }
}

impl Head {
    fn of(access: &Access) -> Self {
        let exchange = &access.exchange;
        let mut json = Json::default();
        json.raw(r#","protocol":""#).raw(exchange.protocol);
        ends(&mut json, access);
        session(&mut json, exchange.identity.as_deref());
        json.raw(r#","operation":""#);
        Head {
            conn: access.conn,
            opened: Arc::clone(&access.opened),
            layer: access.layer,
            protocol: exchange.protocol,
            identity: exchange.identity.clone(),
            server_name: access.server_name.clone(),
            json,
            last: Last::default(),
            tail: Tail::default(),
        }
    }

    /// Whether what was written is true of this access too. The processes are the opening's: a connection that learns of
    /// its other end is opened anew.
    fn is_of(&self, access: &Access) -> bool {
        self.conn == access.conn
            && Arc::ptr_eq(&self.opened, &access.opened)
            && self.layer == access.layer
            && std::ptr::eq(self.protocol, access.exchange.protocol)
            && is_same(&self.identity, &access.exchange.identity)
            && is_same(&self.server_name, &access.server_name)
    }
}

/// Whether both are one thing, or nothing.
fn is_same<T: ?Sized>(ours: &Option<Arc<T>>, theirs: &Option<Arc<T>>) -> bool {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => Arc::ptr_eq(ours, theirs),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

fn ends(json: &mut Json, access: &Access) {
    json.raw(match access.layer {
        Layer::Wire => r#"","layer":"plain","role":"#,
        Layer::Clear => r#"","layer":"tls","role":"#,
    });
    json.raw(match access.opened.role {
        Role::Client => r#""client""#,
        Role::Server => r#""server""#,
        Role::Both => r#""both""#,
        Role::Observer => "null",
    });
    let conn = access.conn;
    json.raw(r#","connection":""#).number(conn.tgid.into()).raw("/").number(conn.fd.into());
    json.raw("/").number(conn.generation);
    json.raw(r#"","weight":"#).number(access.opened.weight.into()).raw(r#","client":{"#);
    end(json, &access.opened.client);
    json.raw(r#"},"server":{"#);
    end(json, &access.opened.server);
    json.raw(r#","name":"#).text_or_null(access.server_name.as_deref()).raw(r#"},"process":"#);
    process(json, access.actor.as_deref());
    json.raw(r#","peer_process":"#);
    process(json, access.peer.as_deref());
}

fn end(json: &mut Json, address: &Address) {
    match address {
        Address::Inet(inet) => {
            json.raw(r#""address":""#);
            match inet.ip {
                IpAddr::V4(ip) => {
                    let [a, b, c, d] = ip.octets();
                    json.number(a.into()).raw(".").number(b.into()).raw(".");
                    json.number(c.into()).raw(".").number(d.into());
                }
                IpAddr::V6(ip) => _ = json.raw(&ip.to_string()),
            }
            json.raw(r#"","port":"#).number(inet.port.into());
        }
        Address::Unix(path) => {
            json.raw(r#""address":"unix","path":"#).text(path).raw(r#","port":null"#);
        }
        Address::Unknown => _ = json.raw(r#""address":null,"port":null"#),
    }
}

fn process(json: &mut Json, process: Option<&Process>) {
    let Some(process) = process else {
        json.raw("null");
        return;
    };
    json.raw(r#"{"pid":"#).number(process.pid.into());
    json.raw(r#","name":"#).text(&process.name);
    json.raw(r#","exe":"#).text(&process.exe);
    json.raw(r#","command":"#).text(&process.command);
    json.raw(r#","uid":"#).number(process.uid.into());
    json.raw(r#","user":"#).text_or_null(process.user.as_deref());
    json.raw(r#","parents":["#).items(process.parents.iter(), |json, name| _ = json.text(name));
    json.raw(r#"],"container":"#).text_or_null(process.container.as_deref()).raw("}");
}

fn session(json: &mut Json, identity: Option<&Identity>) {
    json.raw(r#","session":"#);
    let Some(identity) = identity else {
        json.raw("null");
        return;
    };
    json.raw(r#"{"user":"#).text_or_null(identity.user.as_deref());
    json.raw(r#","database":"#).text_or_null(identity.database.as_deref());
    json.raw(r#","application":"#).text_or_null(identity.application.as_deref());
    json.raw(r#","version":"#).text_or_null(identity.version.as_deref()).raw("}");
}
