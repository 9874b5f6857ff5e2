//! What programs do by io_uring: which of its tracepoints this kernel has, and what can be read there.

use libbpf_rs::ProgramMut;

use super::skeleton::{OpenWatchSkel, WatchSkel};
use crate::host::rings::{self, Rings};

/// Chooses the programs that this kernel can run; where it tells too little of its rings, none is loaded, and what passes
/// by them shows as what TCP counted and nobody saw.
pub(super) fn choose(open: &mut OpenWatchSkel<'_>) {
    let told = rings::told();
    let programs = &mut open.progs;
    programs.ring_asked.set_autoload(told == Rings::Told);
    programs.ring_asked_before.set_autoload(told == Rings::ToldBefore);
    programs.ring_answered.set_autoload(matches!(told, Rings::Told | Rings::ToldBefore));
    if let Some(settings) = open.maps.rodata_data.as_deref_mut() {
        settings.answers_late = rings::answers_late().into();
    }
}

/// The hooks that are to be set, by their tracepoints.
pub(super) fn hooks<'a>(skel: &'a WatchSkel<'_>) -> Vec<(&'static str, &'a ProgramMut<'a>)> {
    let programs = &skel.progs;
    let asked = match rings::told() {
        Rings::Told => ("io_uring_submit_req", &programs.ring_asked),
        Rings::ToldBefore => ("io_uring_submit_sqe", &programs.ring_asked_before),
        Rings::Untold | Rings::Unknown => return Vec::new(),
    };
    vec![asked, ("io_uring_complete", &programs.ring_answered)]
}
