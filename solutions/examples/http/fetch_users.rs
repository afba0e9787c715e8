//! All users, or the first error.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use loomscope::sync::Mutex;
use serde::Deserialize;
use solutions::cancel::{CancelToken, Reason, with_timeout};
use solutions::error_group::ErrorGroup;

/// A user as the site tells it: no field may be missing, and none may be there that we do not know.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The number under which it was asked for.
    pub id: u64,
    /// What to call it.
    pub name: String,
}

/// Why there are no users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsersError<E> {
    /// This one could not be had; it was the first to fail.
    User(u64, E),
    /// The caller's token was cancelled before all were there.
    Cancelled(Reason),
}

// ANCHOR: fetch_users
/// Fetches each user once, at most `limit` at a time: all of them, or the first error.
///
/// An error cancels the other fetches, and they have ended when it is returned. There is no partial
/// map: one that lacks users because the caller was cancelled looks like one that has them all.
///
/// # Errors
///
/// [`UsersError::User`] for the first fetch that failed, [`UsersError::Cancelled`] where `token` came
/// before the last user.
///
/// # Panics
///
/// Where a fetch panics, after the others have ended.
///
/// # Cancel safety
///
/// Dropped, it aborts the fetches.
pub async fn fetch_users<E, F, Fut>(
    ids: &BTreeSet<u64>,
    limit: NonZeroUsize,
    token: &CancelToken,
    fetch: F,
) -> Result<BTreeMap<u64, User>, UsersError<E>>
where
    E: Send + 'static,
    F: Fn(u64) -> Fut,
    Fut: Future<Output = Result<User, E>> + Send + 'static,
{
    let users = Arc::new(Mutex::new(BTreeMap::new()));
    let mut group = ErrorGroup::child_of(token, Some(limit));
    for &id in ids {
        let (work, stop, users) = (fetch(id), group.token().clone(), users.clone());
        group
            .spawn(async move {
                let user = or_stopped(&stop, work).await.map_err(UsersError::Cancelled)?;
                let user = user.map_err(|error| UsersError::User(id, error))?;
                users.lock().expect("no code of others runs under it").insert(id, user);
                Ok(())
            })
            .await;
    }
    group.wait().await?;
    let mut users = users.lock().expect("no code of others runs under it");
    Ok(std::mem::take(&mut *users))
}

/// Runs the work until it is done or the token is cancelled, which drops it.
async fn or_stopped<F: Future>(stop: &CancelToken, work: F) -> Result<F::Output, Reason> {
    with_timeout(stop, Duration::MAX, work).await
}
// ANCHOR_END: fetch_users

impl<E: fmt::Display> fmt::Display for UsersError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id, error) => write!(f, "user {id}: {error}"),
            Self::Cancelled(reason) => write!(f, "not all users: {reason}"),
        }
    }
}

impl<E: Error + 'static> Error for UsersError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::User(_, error) => Some(error),
            Self::Cancelled(reason) => Some(reason),
        }
    }
}
