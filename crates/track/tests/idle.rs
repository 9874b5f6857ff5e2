//! What a connection costs in memory: idle with its session kept, and flooding with bytes that nobody knows.
//!
//! Bytes are counted where they are asked for: what an allocator adds for itself is its own.
#![expect(unsafe_code, reason = "an allocator cannot be written without")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use model::conn::{Address, ConnId, Layer, Role, Speaker, Transport};
use model::event::{Event, Joined, Opened, Said, What};
use model::time::Time;
use track::tracker::Tracker;
use track::unknown::Show;

/// Counts the bytes that are in use.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is the system allocator's; only a number is kept besides.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        IN_USE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the same promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the same promises.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const STARTUP: &[u8] = b"\0\0\0\x20\0\x03\0\0user\0app\0database\0shop\0\0";
const READY: &[u8] = b"R\0\0\0\x08\0\0\0\0S\0\0\0\x19server_version\x0015.20\0Z\0\0\0\x05I";
const QUERY: &[u8] = b"Q\0\0\0\x0dSELECT 1\0";
const ANSWER: &[u8] = b"T\0\0\0\x21\0\x01?column?\0\0\0\0\0\0\0\0\0\0\x17\0\x04\xff\xff\xff\xff\0\0\
    D\0\0\0\x0b\0\x01\0\0\0\x011C\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I";

/// Tells a tracker of connections as a capture would.
struct Feed {
    tracker: Tracker,
    opened: Opened,
}

impl Feed {
    fn new() -> Self {
        let opened = Opened {
            transport: Transport::Tcp,
            role: Role::Client,
            joined: Joined::AtStart,
            client: Address::Inet("127.0.0.1:50112".parse().unwrap()),
            server: Address::Inet("127.0.0.1:5432".parse().unwrap()),
            process: None,
            peer: None,
            weight: 1,
        };
        Feed { tracker: Tracker::new(Show::Count), opened }
    }

    fn tell(&mut self, number: u32, what: What<'_>) -> usize {
        let conn = ConnId { tgid: 1, fd: number, generation: 7 };
        let mut out = Vec::new();
        self.tracker.follow(Event { at: Time(u64::from(number)), conn, what }, &mut out);
        out.len()
    }

    fn say(&mut self, number: u32, speaker: Speaker, offset: usize, bytes: &[u8]) -> usize {
        let said = Said { layer: Layer::Wire, speaker, offset: offset as u64, bytes };
        self.tell(number, What::Said(said))
    }

    fn open(&mut self, number: u32) {
        let opened = self.opened.clone();
        self.tell(number, What::Opened(opened.into()));
    }
}

/// The bytes that each of `count` connections holds after `live`.
fn bytes_each(count: u32, mut live: impl FnMut(&mut Feed, u32)) -> usize {
    let mut feed = Feed::new();
    let before = IN_USE.load(Ordering::Relaxed);
    for number in 0..count {
        feed.open(number);
        live(&mut feed, number);
    }
    (IN_USE.load(Ordering::Relaxed) - before) / count as usize
}

/// A connection that logged in, asked once and is idle; what is known of its ends, and its place in the table, which is up
/// to half empty, included.
const IDLE: usize = 380;
/// A connection that never says what its port promises: its opening, then what is looked through for a message.
const FLOODING: usize = 20 << 10;

// One test, so that no other one allocates meanwhile.
#[test]
fn a_connection_costs_what_is_promised() {
    let idle = bytes_each(10_000, |feed, number| {
        feed.say(number, Speaker::Client, 0, STARTUP);
        let logins = feed.say(number, Speaker::Server, 0, READY);
        feed.say(number, Speaker::Client, STARTUP.len(), QUERY);
        let queries = feed.say(number, Speaker::Server, READY.len(), ANSWER);
        assert_eq!((logins, queries), (1, 1));
    });
    let mut state = 1_u32;
    let noise: [u8; 1 << 10] = std::array::from_fn(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    let flooding = bytes_each(200, |feed, number| {
        for part in 0..40 {
            feed.say(number, Speaker::Client, part * noise.len(), &noise);
        }
    });
    assert!(idle <= IDLE, "an idle connection holds {idle} bytes");
    assert!(flooding <= FLOODING, "a connection of unknown bytes holds {flooding} bytes");
}
