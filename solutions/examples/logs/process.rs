//! The pipeline.

use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;

use futures::Sink;
use futures::stream::BoxStream;
use solutions::pipeline::{Enriched, Failure, Level, LogEntry, OnError, Order, Pipeline, offload};

use super::LogsError;
use super::line::{kind, pairs};

/// A source of log entries.
pub type Source = BoxStream<'static, Result<LogEntry, LogsError>>;

/// A sink for them.
pub type Output = Pin<Box<dyn Sink<Arc<Enriched>, Error = LogsError> + Send>>;

/// What to do with them on the way.
#[derive(Debug)]
pub struct Plan {
    /// The least level that matters.
    pub level: Level,
    /// How many entries are worked on at once.
    pub workers: NonZeroUsize,
    /// In which order they are written.
    pub order: Order<LogEntry>,
}

// ANCHOR: pipeline
/// Joins the stages.
pub fn pipeline(
    Plan { level, workers, order }: Plan,
    sources: Vec<Source>,
    outputs: Vec<Output>,
    on_error: impl Fn(&Failure<LogsError>) -> OnError + Send + Sync + 'static,
) -> Pipeline<LogEntry, Enriched, LogsError> {
    let mut stages = Pipeline::builder();
    for source in sources {
        stages = stages.source(source);
    }
    let mut stages = stages
        .filter(move |entry: &LogEntry| entry.level >= level)
        .enrich(workers, order, enrich)
        .on_error(on_error);
    for output in outputs {
        stages = stages.sink(output);
    }
    stages.build()
}

/// Finds out what is to be known about an entry.
///
/// What computes is done by rayon's threads, and this worker's thread is free meanwhile. A hash is too little work
/// to be worth the way there and back: it stands for what takes longer.
async fn enrich(entry: LogEntry) -> Result<Enriched, LogsError> {
    let mut fields = pairs(&entry.message);
    fields.insert("from".to_owned(), entry.source.to_string());
    let work = move || (kind(&entry.message), entry);
    let (kind, entry) = offload(rayon::spawn, work).await.map_err(LogsError::Enrich)?;
    fields.insert("kind".to_owned(), format!("{kind:016x}"));
    Ok(Enriched { entry, fields })
}
// ANCHOR_END: pipeline
