//! What crosses from the kernel: the mirror of `bpf/events.h`, held against the compiled programs' own type information.

use model::conn::ConnId;

/// Room for a Unix socket's path in a record.
pub(crate) const PATH: usize = 112;
/// Room for a program's path in a record.
pub(crate) const FILENAME: usize = 256;

pub(crate) const OPENED: u8 = 1;
pub(crate) const PASSED: u8 = 2;
pub(crate) const SEALED: u8 = 3;
pub(crate) const SECURED: u8 = 4;
pub(crate) const CLOSED: u8 = 5;
pub(crate) const FORKED: u8 = 6;
pub(crate) const EXECED: u8 = 7;
pub(crate) const EXITED: u8 = 8;
/// A figure that the socket does not keep (`NOT_COUNTED`).
pub(crate) const NOT_COUNTED: u64 = u64::MAX;

/// Every record begins so.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    pub(crate) at: u64,
    pub(crate) generation: u64,
    pub(crate) tgid: u32,
    pub(crate) fd: u32,
    pub(crate) user: u32,
    pub(crate) kind: u8,
    pub(crate) layer: u8,
    pub(crate) direction: u8,
    pub(crate) detail: u8,
}

impl Head {
    /// The connection that the record is about.
    pub(crate) fn conn(&self) -> ConnId {
        ConnId { tgid: self.tgid, fd: self.fd, generation: self.generation }
    }
}

/// Bytes passed; the first `captured` of them follow.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passed {
    pub(crate) head: Head,
    pub(crate) position: u64,
    pub(crate) length: u64,
    pub(crate) captured: u32,
    pub(crate) thread: u32,
}

/// A connection exists, or was taken over.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opened {
    pub(crate) head: Head,
    pub(crate) partner_generation: u64,
    pub(crate) partner_tgid: u32,
    pub(crate) partner_fd: u32,
    pub(crate) socket: u64,
    pub(crate) peer: u64,
    pub(crate) transport: u8,
    pub(crate) role: u8,
    pub(crate) midway: u8,
    pub(crate) is_v6: u8,
    pub(crate) local_port: u16,
    pub(crate) remote_port: u16,
    pub(crate) netns: u32,
    pub(crate) uid: u32,
    pub(crate) local: [u8; 16],
    pub(crate) remote: [u8; 16],
    pub(crate) name: [u8; 16],
    pub(crate) local_path_length: u8,
    pub(crate) remote_path_length: u8,
    pub(crate) unused: [u8; 2],
    pub(crate) weight: u32,
    pub(crate) local_path: [u8; PATH],
    pub(crate) remote_path: [u8; PATH],
}

/// One direction of one layer.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) position: u64,
    pub(crate) twice: u64,
    pub(crate) owed: [u64; 7],
}

/// What was counted of a connection.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    pub(crate) sealed: [u64; 2],
    pub(crate) socket: [u64; 2],
    pub(crate) before: [u64; 2],
    pub(crate) ways: [Way; 4],
}

/// A connection ended, or was asked for.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Closed {
    pub(crate) head: Head,
    pub(crate) account: Account,
}

/// How the kernel's table names a connection.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name {
    pub(crate) generation: u64,
    pub(crate) tgid: u32,
    pub(crate) fd: u32,
}

/// An entry of the kernel's table (`struct connection`).
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Connection {
    pub(crate) name: Name,
    pub(crate) account: Account,
    pub(crate) partner: Name,
    pub(crate) inode: u64,
    pub(crate) user: u32,
    pub(crate) held: u32,
    pub(crate) netns: u32,
    pub(crate) local_port: u16,
    pub(crate) remote_port: u16,
    pub(crate) transport: u8,
    pub(crate) role: u8,
    pub(crate) is_v6: u8,
    pub(crate) announcements: u8,
    pub(crate) decided: u8,
    pub(crate) twice: u8,
    pub(crate) fate: u8,
    pub(crate) unused: u8,
    pub(crate) local: [u8; 16],
    pub(crate) remote: [u8; 16],
    pub(crate) flags: u32,
    pub(crate) pairing: u32,
    pub(crate) sealed_calls: [u32; 2],
    pub(crate) agreed: u64,
    pub(crate) left_at: [u64; 2],
    pub(crate) judged: u32,
    pub(crate) weight: u32,
    pub(crate) limit: u32,
    pub(crate) calls: u32,
}

/// Flags of a [`Connection`].
pub(crate) const ANNOUNCED: u32 = 1;
pub(crate) const FROM_START: u32 = 2;
pub(crate) const HAS_GAP: u32 = 512;

/// What the walk over the kernel's table tells of each connection.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walked {
    pub(crate) key: [u64; 2],
    pub(crate) connection: Connection,
    pub(crate) socket: [u64; 2],
}

impl Walked {
    /// The record that would have announced it, but for what only its own process could tell.
    pub(crate) fn opened(&self) -> Opened {
        let Connection { name, partner, .. } = self.connection;
        let head = Head {
            at: 0,
            generation: name.generation,
            tgid: name.tgid,
            fd: name.fd,
            user: self.connection.user,
            kind: OPENED,
            layer: 0,
            direction: 0,
            detail: 0,
        };
        let [socket, peer] = self.key;
        Opened {
            head,
            partner_generation: partner.generation,
            partner_tgid: partner.tgid,
            partner_fd: partner.fd,
            socket,
            peer,
            transport: self.connection.transport,
            role: self.connection.role,
            midway: u8::from(self.connection.flags & (FROM_START | HAS_GAP) != FROM_START),
            is_v6: self.connection.is_v6,
            local_port: self.connection.local_port,
            remote_port: self.connection.remote_port,
            netns: self.connection.netns,
            uid: 0,
            local: self.connection.local,
            remote: self.connection.remote,
            name: [0; 16],
            local_path_length: 0,
            remote_path_length: 0,
            unused: [0; 2],
            weight: self.connection.weight,
            local_path: [0; PATH],
            remote_path: [0; PATH],
        }
    }
}

/// A process began, started a program, or ended.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Life {
    pub(crate) head: Head,
    pub(crate) parent: u32,
    pub(crate) uid: u32,
    pub(crate) name: [u8; 16],
    pub(crate) filename: [u8; FILENAME],
}

/// Types that any bytes are a value of.
///
/// # Safety
/// `#[repr(C)]`, of integers and arrays of integers alone, and without padding.
pub(crate) unsafe trait Plain: Copy {}

// SAFETY: all are `#[repr(C)]` integers without padding, as the sizes below say.
unsafe impl Plain for Head {}
// SAFETY: as above.
unsafe impl Plain for Passed {}
// SAFETY: as above.
unsafe impl Plain for Opened {}
// SAFETY: as above.
unsafe impl Plain for Closed {}
// SAFETY: as above.
unsafe impl Plain for Life {}
// SAFETY: as above.
unsafe impl Plain for Account {}
// SAFETY: as above.
unsafe impl Plain for Name {}
// SAFETY: as above.
unsafe impl Plain for Connection {}
// SAFETY: as above.
unsafe impl Plain for Walked {}

// The C side asserts the same, so that neither changes alone.
const _: () = assert!(
    size_of::<Head>() == 32
        && size_of::<Passed>() == 56
        && size_of::<Opened>() == 360
        && size_of::<Closed>() == 368
        && size_of::<Life>() == 312
        && size_of::<Account>() == 336
        && size_of::<Name>() == 16
        && size_of::<Connection>() == 488
        && size_of::<Walked>() == 520
);

/// The record at the beginning of `bytes`, or `None` when they are too few.
pub(crate) fn read<T: Plain>(bytes: &[u8]) -> Option<T> {
    let record = bytes.get(..size_of::<T>())?;
    // SAFETY: `record` is exactly as long as a `T`, the read wants no alignment, and any bytes are a `T`.
    Some(unsafe { record.as_ptr().cast::<T>().read_unaligned() })
}

/// The text in a field that a zero ends.
pub(crate) fn text(field: &[u8]) -> String {
    let end = memchr::memchr(0, field).unwrap_or(field.len());
    String::from_utf8_lossy(field.get(..end).unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use std::mem::offset_of;

    use libbpf_rs::btf::types::Struct;
    use libbpf_rs::btf::{Btf, types::MemberAttr};

    use super::{Account, Closed, Connection, Head, Life, Name, Opened, Passed, Way};

    /// A struct's fields as the compiler of the kernel side laid them out: name and position in bytes.
    fn laid_out(btf: &Btf<'_>, name: &str) -> Vec<(String, usize)> {
        // By its kind too: a function may have the same name.
        let mut structs =
            (1..btf.len()).filter_map(|id| btf.type_by_id::<Struct<'_>>(u32::try_from(id).unwrap().into()));
        let found = structs.find(|found| found.name().is_some_and(|own| own == name));
        let found = found.unwrap_or_else(|| panic!("no struct {name}"));
        let position = |attr: MemberAttr| match attr {
            MemberAttr::Normal { offset } => offset as usize / 8,
            MemberAttr::BitField { .. } => panic!("{name} has bit fields"),
        };
        let named = |name: &std::ffi::OsStr| name.to_string_lossy().into_owned();
        found.iter().map(|m| (m.name.map(named).unwrap_or_default(), position(m.attr))).collect()
    }

    macro_rules! fields {
        ($of:ty: $($field:ident)*) => { vec![$((stringify!($field).to_owned(), offset_of!($of, $field))),*] };
    }

    #[test]
    fn the_mirror_is_true() {
        let btf = Btf::from_path(concat!(env!("OUT_DIR"), "/watch.bpf.o")).unwrap();
        let head = fields!(Head: at generation tgid fd user kind layer direction detail);
        assert_eq!(laid_out(&btf, "head"), head);
        assert_eq!(laid_out(&btf, "passed"), fields!(Passed: head position length captured thread));
        let opened = fields!(Opened: head partner_generation partner_tgid partner_fd socket peer transport role midway is_v6
            local_port remote_port netns uid local remote name local_path_length remote_path_length unused
            weight local_path remote_path);
        assert_eq!(laid_out(&btf, "opened"), opened);
        assert_eq!(laid_out(&btf, "way"), fields!(Way: position twice owed));
        assert_eq!(laid_out(&btf, "account"), fields!(Account: sealed socket before ways));
        assert_eq!(laid_out(&btf, "closed"), fields!(Closed: head account));
        assert_eq!(laid_out(&btf, "name"), fields!(Name: generation tgid fd));
        let connection = fields!(Connection: name account partner inode user held netns local_port remote_port transport
            role is_v6 announcements decided twice fate unused local remote flags pairing sealed_calls agreed left_at
            judged weight limit calls);
        assert_eq!(laid_out(&btf, "connection"), connection);
        assert_eq!(laid_out(&btf, "life"), fields!(Life: head parent uid name filename));
    }
}
