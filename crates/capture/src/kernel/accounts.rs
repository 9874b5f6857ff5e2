//! Accounts that come beside the ring: of connections that ended while it was full, were given up here, or are open when
//! the watching ends.

use std::collections::VecDeque;
use std::io::{self, Read as _};
use std::os::fd::AsFd as _;

use libbpf_rs::{Iter, MapCore, MapFlags};
use model::conn::ConnId;
use model::event::Event;

use super::records::{self, Account, Connection, Name, Walked};
use super::skeleton::WatchSkel;
use super::table::{Left, Table};

/// How many connections have said farewell beside the ring so far.
pub(crate) fn farewells_bid(skel: &WatchSkel<'_>) -> u64 {
    let Some(kept) = skel.maps.bss_data.as_deref() else { return 0 };
    // SAFETY: a valid reference; the kernel side adds to the word meanwhile, which a plain load might be spared for.
    unsafe { std::ptr::read_volatile(&raw const kept.farewells_bid) }
}

/// Takes the farewells that wait beside the ring, which is empty: all else that these connections said was heard.
pub(crate) fn take_farewells(
    skel: &WatchSkel<'_>,
    table: &mut Table,
    events: &mut VecDeque<Event<'static>>,
) -> io::Result<()> {
    let waiting = &skel.maps.farewells;
    let names: Vec<Vec<u8>> = waiting.keys().collect();
    for name in names {
        let told = waiting.lookup_and_delete(&name).map_err(io::Error::other)?;
        let (Some(Name { generation, tgid, fd }), Some(account)) =
            (records::read(&name), told.and_then(|told| records::read::<Account>(&told)))
        else {
            continue;
        };
        table.closed(ConnId { tgid, fd, generation }, table.latest(), &account, events);
    }
    Ok(())
}

/// Ends the connections that were given up here, with what the kernel has counted of them. It goes on to know them: what a
/// process leaves may be used by another one.
pub(crate) fn take_left(skel: &WatchSkel<'_>, table: &mut Table, events: &mut VecDeque<Event<'static>>) {
    for left in table.take_left() {
        Table::leave(&left, account_of(&skel.maps.connections, &left).as_ref(), events);
    }
}

fn account_of(connections: &impl MapCore, left: &Left) -> Option<Account> {
    let key = left.key?.map(u64::to_ne_bytes).concat();
    let entry = connections.lookup(&key, MapFlags::ANY).ok().flatten()?;
    let Connection { name: Name { generation, tgid, fd }, account, .. } = records::read(&entry)?;
    (ConnId { tgid, fd, generation } == left.conn).then_some(account)
}

/// Tells what was counted of every connection that is open.
pub(crate) fn count_open(
    skel: &WatchSkel<'_>,
    table: &mut Table,
    events: &mut VecDeque<Event<'static>>,
) -> io::Result<()> {
    let walk = skel.progs.counted.attach_iter(skel.maps.connections.as_fd()).map_err(io::Error::other)?;
    let mut told = Vec::new();
    Iter::new(&walk).map_err(io::Error::other)?.read_to_end(&mut told)?;
    for walked in told.chunks_exact(size_of::<Walked>()).filter_map(records::read::<Walked>) {
        table.counted(&walked, events);
    }
    Ok(())
}
