//! PLAN: which cases apply to a target, and the runs that they need.
