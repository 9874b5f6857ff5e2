//! The methods (section 1 of the reference): their numbers, names, who answers whom, and what stands in them.

/// A method.
#[derive(Clone, Copy, Debug)]
pub(super) struct Method {
    /// The class in the upper half, the method in the lower one.
    number: u32,
    pub(super) name: &'static str,
    pub(super) role: Role,
    pub(super) arguments: &'static [Argument],
}

/// What a method is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It is answered on its channel.
    Asks,
    /// It answers the one with this name.
    Answers(&'static str),
    /// It is told and not answered.
    Tells,
    /// A message follows.
    Carries,
    /// The answer to `basic.get`, with a message that follows.
    Gives,
    /// It acknowledges what was published, or delivered.
    Settles,
    /// It ends its channel or connection, and what waits there.
    Ends,
    /// It says nothing that a record shows.
    Silent,
}

/// What stands in a method, in order.
#[derive(Clone, Copy, Debug)]
pub(super) enum Argument {
    /// Two bytes that mean nothing any more.
    Nothing,
    /// A name of what is touched.
    Target,
    /// A short text, and the name of its detail.
    Text(&'static str),
    /// Flags, the lowest bit first.
    Flags(&'static [&'static str]),
    Two(&'static str),
    Four(&'static str),
    Eight(&'static str),
    /// Four bytes: how many messages were touched.
    Affected,
    /// A table, of which nothing is told.
    Table,
    /// A long text that is a credential.
    Secret,
}

/// The flag that says that nobody answers.
pub(super) const NOWAIT: &str = "nowait";
pub(super) const START_OK: &str = "connection.start-ok";
pub(super) const OPEN: &str = "connection.open";
pub(super) const PUBLISH: &str = "basic.publish";
pub(super) const GET: &str = "basic.get";

use Argument::{Affected, Eight, Flags, Four, Nothing, Secret, Table, Target, Text, Two};

const fn method(
    class: u32,
    method: u32,
    name: &'static str,
    role: Role,
    arguments: &'static [Argument],
) -> Method {
    Method { number: class << 16 | method, name, role, arguments }
}

const fn answer(class: u32, number: u32, name: &'static str, of: &'static str) -> Method {
    method(class, number, name, Role::Answers(of), &[])
}

/// The frequent ones first.
const METHODS: [Method; 66] = [
    method(60, 40, PUBLISH, Role::Carries, &[Nothing, Target, Target, Flags(&["mandatory", "immediate"])]),
    method(
        60,
        60,
        "basic.deliver",
        Role::Carries,
        &[Text("consumer"), Eight("delivery_tag"), Flags(&["redelivered"]), Target, Target],
    ),
    method(60, 80, "basic.ack", Role::Settles, &[Eight("delivery_tag"), Flags(&["multiple"])]),
    method(60, 70, GET, Role::Asks, &[Nothing, Target, Flags(&["no_ack"])]),
    method(
        60,
        71,
        "basic.get-ok",
        Role::Gives,
        &[
            Eight("delivery_tag"),
            Flags(&["redelivered"]),
            Text("exchange"),
            Text("routing_key"),
            Four("messages"),
        ],
    ),
    answer(60, 72, "basic.get-empty", GET),
    method(60, 90, "basic.reject", Role::Settles, &[Eight("delivery_tag"), Flags(&["requeue"])]),
    method(60, 120, "basic.nack", Role::Settles, &[Eight("delivery_tag"), Flags(&["multiple", "requeue"])]),
    method(60, 50, "basic.return", Role::Carries, &[Two("reply_code"), Text("reply_text"), Target, Target]),
    method(60, 10, "basic.qos", Role::Asks, &[Four("prefetch_bytes"), Two("prefetch"), Flags(&["global"])]),
    answer(60, 11, "basic.qos-ok", "basic.qos"),
    method(
        60,
        20,
        "basic.consume",
        Role::Asks,
        &[Nothing, Target, Text("consumer"), Flags(&["no_local", "no_ack", "exclusive", NOWAIT]), Table],
    ),
    method(60, 21, "basic.consume-ok", Role::Answers("basic.consume"), &[Text("granted_consumer")]),
    method(60, 30, "basic.cancel", Role::Asks, &[Text("consumer"), Flags(&[NOWAIT])]),
    answer(60, 31, "basic.cancel-ok", "basic.cancel"),
    method(60, 100, "basic.recover-async", Role::Tells, &[Flags(&["requeue"])]),
    method(60, 110, "basic.recover", Role::Asks, &[Flags(&["requeue"])]),
    answer(60, 111, "basic.recover-ok", "basic.recover"),
    method(
        50,
        10,
        "queue.declare",
        Role::Asks,
        &[Nothing, Target, Flags(&["passive", "durable", "exclusive", "auto_delete", NOWAIT]), Table],
    ),
    method(
        50,
        11,
        "queue.declare-ok",
        Role::Answers("queue.declare"),
        &[Text("queue"), Four("messages"), Four("consumers")],
    ),
    method(
        50,
        20,
        "queue.bind",
        Role::Asks,
        &[Nothing, Target, Target, Text("routing_key"), Flags(&[NOWAIT]), Table],
    ),
    answer(50, 21, "queue.bind-ok", "queue.bind"),
    method(50, 30, "queue.purge", Role::Asks, &[Nothing, Target, Flags(&[NOWAIT])]),
    method(50, 31, "queue.purge-ok", Role::Answers("queue.purge"), &[Affected]),
    method(50, 40, "queue.delete", Role::Asks, &[Nothing, Target, Flags(&["if_unused", "if_empty", NOWAIT])]),
    method(50, 41, "queue.delete-ok", Role::Answers("queue.delete"), &[Affected]),
    method(50, 50, "queue.unbind", Role::Asks, &[Nothing, Target, Target, Text("routing_key"), Table]),
    answer(50, 51, "queue.unbind-ok", "queue.unbind"),
    method(
        40,
        10,
        "exchange.declare",
        Role::Asks,
        &[
            Nothing,
            Target,
            Text("type"),
            Flags(&["passive", "durable", "auto_delete", "internal", NOWAIT]),
            Table,
        ],
    ),
    answer(40, 11, "exchange.declare-ok", "exchange.declare"),
    method(40, 20, "exchange.delete", Role::Asks, &[Nothing, Target, Flags(&["if_unused", NOWAIT])]),
    answer(40, 21, "exchange.delete-ok", "exchange.delete"),
    method(
        40,
        30,
        "exchange.bind",
        Role::Asks,
        &[Nothing, Target, Target, Text("routing_key"), Flags(&[NOWAIT]), Table],
    ),
    answer(40, 31, "exchange.bind-ok", "exchange.bind"),
    method(
        40,
        40,
        "exchange.unbind",
        Role::Asks,
        &[Nothing, Target, Target, Text("routing_key"), Flags(&[NOWAIT]), Table],
    ),
    answer(40, 51, "exchange.unbind-ok", "exchange.unbind"),
    method(20, 10, "channel.open", Role::Asks, &[Text("reserved")]),
    answer(20, 11, "channel.open-ok", "channel.open"),
    method(20, 20, "channel.flow", Role::Asks, &[Flags(&["active"])]),
    answer(20, 21, "channel.flow-ok", "channel.flow"),
    method(20, 40, "channel.close", Role::Ends, &[]),
    answer(20, 41, "channel.close-ok", "channel.close"),
    method(10, 10, "connection.start", Role::Silent, &[]),
    method(10, 11, START_OK, Role::Asks, &[]),
    method(10, 20, "connection.secure", Role::Silent, &[]),
    method(10, 21, "connection.secure-ok", Role::Silent, &[]),
    answer(10, 30, "connection.tune", START_OK),
    method(10, 31, "connection.tune-ok", Role::Silent, &[]),
    method(10, 40, OPEN, Role::Asks, &[Target, Text("reserved"), Flags(&["insist"])]),
    answer(10, 41, "connection.open-ok", OPEN),
    method(10, 50, "connection.close", Role::Ends, &[]),
    answer(10, 51, "connection.close-ok", "connection.close"),
    method(10, 60, "connection.blocked", Role::Tells, &[Text("reply_text")]),
    method(10, 61, "connection.unblocked", Role::Tells, &[]),
    method(10, 70, "connection.update-secret", Role::Asks, &[Secret, Text("reply_text")]),
    answer(10, 71, "connection.update-secret-ok", "connection.update-secret"),
    method(85, 10, "confirm.select", Role::Asks, &[Flags(&[NOWAIT])]),
    answer(85, 11, "confirm.select-ok", "confirm.select"),
    method(90, 10, "tx.select", Role::Asks, &[]),
    answer(90, 11, "tx.select-ok", "tx.select"),
    method(90, 20, "tx.commit", Role::Asks, &[]),
    answer(90, 21, "tx.commit-ok", "tx.commit"),
    method(90, 30, "tx.rollback", Role::Asks, &[]),
    answer(90, 31, "tx.rollback-ok", "tx.rollback"),
    method(30, 10, "access.request", Role::Asks, &[Text("realm"), Flags(&[])]),
    answer(30, 11, "access.request-ok", "access.request"),
];

/// The method with this number.
pub(super) fn of(number: u32) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.number == number)
}
