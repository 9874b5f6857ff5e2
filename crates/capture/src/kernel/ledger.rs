//! The loss ledger: what the kernel side saw, and what became of each byte.

/// Figures since the watching began. `seen_bytes = delivered + sealed + twice + lost()`, once calls in flight are done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Calls that moved bytes.
    pub seen_calls: u64,
    /// Bytes that they moved, at the socket and in clear.
    pub seen_bytes: u64,
    /// Bytes that were copied into the ring.
    pub delivered: u64,
    /// Ciphertext: counted, not copied.
    pub sealed: u64,
    /// Bytes of connections whose other end, on this host, is read instead.
    pub twice: u64,
    /// Lost because the ring was full.
    pub ring_full: u64,
    /// Lost because a call moved more than the limit.
    pub limit: u64,
    /// Lost because the program's memory could not be read.
    pub fault: u64,
    /// Lost because they passed inside the kernel.
    pub unseen: u64,
    /// Lost because another connection stands for theirs.
    pub sampled_out: u64,
    /// Lost because their process was over its rate.
    pub rate: u64,
    /// Lost because watching their process would have cost it too much.
    pub budget: u64,
    /// Records that found no room.
    pub refused_records: u64,
    /// Reads of a program's memory that failed.
    pub faults: u64,
    /// Socket calls of 32-bit programs, which are not read.
    pub compat_calls: u64,
    /// Hooked functions that returned more than their buffer holds.
    pub violations: u64,
    /// Calls whose connection found no room in the kernel's table.
    pub crowded: u64,
    /// Starts and ends of processes that found no room.
    pub lost_lives: u64,
    /// Connections that ended while nothing found room: their accounts are not told.
    pub untold_ends: u64,
    /// Bytes, lost, ciphertext, or read elsewhere, that were still to be told of them.
    pub untold_bytes: u64,
    /// Connections that were left out whole, as others stand for them or to keep to a budget: they have no account.
    pub left_out_ends: u64,
    /// Bytes of those, whatever became of them.
    pub left_out_bytes: u64,
    /// Records that the collector could not make sense of.
    pub unreadable: u64,
}

/// How many figures the kernel keeps (`FIGURES` of `bpf/ledger.h`).
pub(crate) const FIGURES: usize = 22;

impl Ledger {
    /// All bytes that were lost, whatever the cause.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.ring_full + self.limit + self.fault + self.unseen + self.sampled_out + self.rate + self.budget
    }

    /// From the kernel's figures, in the order of `bpf/ledger.h`.
    pub(crate) fn from_figures(figures: [u64; FIGURES], unreadable: u64) -> Ledger {
        let [
            seen_calls,
            seen_bytes,
            delivered,
            sealed,
            twice,
            ring_full,
            limit,
            fault,
            unseen,
            sampled_out,
            rate,
            budget,
            refused_records,
            faults,
            compat_calls,
            violations,
            crowded,
            lost_lives,
            untold_ends,
            untold_bytes,
            left_out_ends,
            left_out_bytes,
        ] = figures;
        Ledger {
            seen_calls,
            seen_bytes,
            delivered,
            sealed,
            twice,
            ring_full,
            limit,
            fault,
            unseen,
            sampled_out,
            rate,
            budget,
            refused_records,
            faults,
            compat_calls,
            violations,
            crowded,
            lost_lives,
            untold_ends,
            untold_bytes,
            left_out_ends,
            left_out_bytes,
            unreadable,
        }
    }
}
