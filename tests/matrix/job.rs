//! All runs, made before trials ask for them.
//!
//! A trial that asks for a run that another one is making waits, and so does one whose company is
//! being tested: on threads of the trials, most would wait. So each company is tested before its parts
//! are begun.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::bench::Bench;
use crate::common::runtime;

/// A run to make, and those that build on it.
pub struct Job {
    /// Makes the run.
    pub run: Box<dyn FnOnce() + Send>,
    /// What can be run then.
    pub then: Vec<Job>,
}

impl Job {
    /// The run of a bench.
    pub fn of(bench: Arc<Bench>) -> Self {
        Self {
            run: Box::new(move || drop(bench.cases())),
            then: Vec::new(),
        }
    }
}

/// Begins all jobs, in their order as turns become free, and does not wait for them.
pub fn begin(jobs: Vec<Job>, turns: &Arc<Semaphore>) {
    for job in jobs {
        let turns = Arc::clone(turns);
        runtime().spawn(async move {
            // Nobody closes the semaphore or stops the runtime, and a panic is the trial's to tell.
            let turn = Arc::clone(&turns).acquire_owned().await;
            let _ = runtime().spawn_blocking(job.run).await;
            drop(turn);
            begin(job.then, &turns);
        });
    }
}
