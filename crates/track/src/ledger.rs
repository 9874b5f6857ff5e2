//! The loss ledger: the accounts of all connections, and those that lost most.

use std::sync::Arc;

use model::conn::ConnId;
use model::event::Opened;
use model::process::Process;

use crate::account::Account;

/// Connections with losses that are told apart: those that lost most. All are counted.
const TOLD: usize = 32;

/// The accounts of connections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// All of them together.
    pub total: Account,
    /// How many connections lost something.
    pub lossy: u64,
    /// How many accounts do not hold, which is a fault of ours.
    pub wrong: u64,
    told: Vec<Lossy>,
}

/// A connection that lost something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lossy {
    /// Its name.
    pub conn: ConnId,
    /// Where its ends are.
    pub opened: Arc<Opened>,
    /// Who holds its other end, when that is on this host too.
    pub peer: Option<Arc<Process>>,
    /// What became of what the client said, and the server.
    pub accounts: [Account; 2],
}

impl Lossy {
    fn lost(&self) -> u64 {
        self.accounts.iter().map(|account| account.lost.total()).sum()
    }

    fn is_wrong(&self) -> bool {
        self.accounts.iter().any(|account| account.unaccounted != 0)
    }
}

impl Ledger {
    /// The connections that lost most, those first whose accounts do not hold.
    pub fn iter(&self) -> impl Iterator<Item = &Lossy> {
        let mut told: Vec<_> = self.told.iter().collect();
        told.sort_by_key(|lossy| std::cmp::Reverse((lossy.is_wrong(), lossy.lost())));
        told.into_iter()
    }

    /// Adds the account of a connection, which is made for those alone that are told.
    pub(crate) fn add(&mut self, accounts: [Account; 2], tell: impl FnOnce([Account; 2]) -> Lossy) {
        accounts.iter().for_each(|account| self.total.add(account));
        let lost: u64 = accounts.iter().map(|account| account.lost.total()).sum();
        let is_wrong = accounts.iter().any(|account| account.unaccounted != 0);
        self.lossy += u64::from(lost > 0);
        self.wrong += u64::from(is_wrong);
        if lost == 0 && !is_wrong {
            return;
        }
        if self.told.len() < TOLD {
            return self.told.push(tell(accounts));
        }
        let least = self.told.iter_mut().min_by_key(|lossy| (lossy.is_wrong(), lossy.lost()));
        if let Some(least) = least.filter(|least| (least.is_wrong(), least.lost()) < (is_wrong, lost)) {
            *least = tell(accounts);
        }
    }
}
