//! Who a session is with, as it becomes known.

use std::sync::Arc;

use model::exchange::Identity;

use crate::kit::protocol::Heard;
use crate::kit::reader::Reader;

/// Changes who a session is with: what is heard, if that is news.
pub fn turn(
    identity: &mut Arc<Identity>,
    wire: &mut Reader<'_>,
    change: impl FnOnce(&mut Identity),
) -> Option<Heard> {
    let mut now = (**identity).clone();
    change(&mut now);
    if **identity == now {
        return None;
    }
    *identity = wire.share(now);
    Some(Heard::Identity(Arc::clone(identity)))
}
