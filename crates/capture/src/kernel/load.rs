//! The programs as they are loaded: their settings, the hooks that follow processes, and what a refusal means.

use libbpf_rs::{Link, ProgramMut};

use super::error::KernelError;
use super::skeleton::{OpenWatchSkel, WatchSkel};
use super::{Options, Pipes, pipes, said};
use crate::host;

pub(super) fn configure(open: &mut OpenWatchSkel<'_>, options: &Options) -> Result<(), KernelError> {
    open.maps.ring.set_max_entries(options.ring).map_err(|error| refused(&error))?;
    if options.pipes == Pipes::Unheard {
        pipes::hold_nothing(open).map_err(|error| refused(&error))?;
    }
    if let Some(settings) = open.maps.rodata_data.as_deref_mut() {
        settings.own_tgid = std::process::id();
        settings.call_limit = options.call_limit;
        settings.hears_pipes = u32::from(options.pipes == Pipes::Heard);
        settings.wake_at = settings.wake_at.min(options.ring / 4);
    }
    Ok(())
}

pub(super) fn follow_processes(skel: &WatchSkel<'_>) -> Result<Vec<Link>, KernelError> {
    let programs = &skel.progs;
    hook([
        ("sched_process_fork", &programs.forked),
        ("sched_process_exec", &programs.execed),
        ("sched_process_exit", &programs.exited),
    ])
}

pub(super) fn hook<'a>(
    hooks: impl IntoIterator<Item = (&'static str, &'a ProgramMut<'a>)>,
) -> Result<Vec<Link>, KernelError> {
    hooks
        .into_iter()
        .map(|(hook, program)| {
            program.attach().map_err(|error| KernelError::Hook { hook, reason: format!("{error:#}") })
        })
        .collect()
}

pub(super) fn refused(error: &libbpf_rs::Error) -> KernelError {
    let lacks = host::missing();
    if !lacks.is_empty() {
        return KernelError::Lacking { lacks };
    }
    KernelError::Refused { reason: format!("{error:#}"), said: said::tail() }
}
