//! JUDGE: a pure function from recordings and checks to verdicts. No I/O, no clock.
