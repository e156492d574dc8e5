import {
  BROKEN, CLAIM, CLAIM_BASE, COMMAND_ARGS, COMMAND_INDEX, COMMAND_KERNEL, COMMAND_SIZE, COMMAND_UNITS,
  DONE, END_OF_LIST, EPOCH, FINISHED, HELPERS, LOST, PROFILE, RAN, SLEEPERS, STOP, WAIT_NANOSECONDS,WAITING, 
} from './layout';
import { setControl } from './scratch';

/**
 * All threads work off the list together, without JavaScript in between. There is no barrier that waits
 * for threads: a command is done when all its units are, and whoever finishes the last one opens the
 * next command. A thread that sleeps or is late holds nobody up as long as it has taken no unit.
 *
 * One atomic word says which command is open and how many units are free, so that a thread that comes
 * late takes a unit of what is open now, never one of a command that is over.
 */

/** Milliseconds; the same origin in all threads. */
@external("env", "now")
declare function now(): f64;

/**
 * How often a thread that finds nothing to do looks again before it sleeps. 4,000 times are about 100
 * microseconds: longer than another thread needs for its last unit, as waking up takes as long as that.
 * Where looking did not help, as on a machine that has other things to do, it looks less long the next time.
 */
const MOST_LOOKS: i32 = 4000;
const FEWEST_LOOKS: i32 = 100;
let looks: i32 = MOST_LOOKS;

/** What `pause` computes with. */
let idleness: f64 = 1;

let control: usize = 0;
let self: i32 = 0;

/** Once in each instance: `thread` is 0 for the caller, then 1, 2, ... */
export function init(address: usize, thread: i32): void {
  control = address;
  self = thread;
  setControl(address);
}

/** Opens the list and works on it. RAN, WAITING or LOST. */
export function run(list: usize): i32 {
  atomic.store<i32>(control, 0, FINISHED);
  const profile = <usize>load<u32>(control, PROFILE);
  if (profile != 0) store<f64>(profile, now());
  open(list);
  return work(true);
}

/** Goes on after WAITING. */
export function resume(): i32 {
  return work(true);
}

/** What a helper does until it is told to stop. */
export function serve(): i32 {
  atomic.add<i32>(control, 1, HELPERS);
  return work(false);
}

function open(command: usize): void {
  if (load<i32>(command, COMMAND_KERNEL) == END_OF_LIST) {
    atomic.store<i32>(control, 1, FINISHED);
    wake();
    return;
  }
  const units = load<i32>(command, COMMAND_UNITS);
  atomic.store<i32>(control, 0, DONE);
  atomic.store<i64>(control, (<i64>command << 32) | <i64>(CLAIM_BASE + units), CLAIM);
  if (units > 1) wake(); // a single unit is taken by whoever opened it
}

function wake(): void {
  atomic.add<i32>(control, 1, EPOCH);
  if (atomic.load<i32>(control, SLEEPERS) > 0) atomic.notify(control + EPOCH, -1);
}

function work(caller: bool): i32 {
  let idle = 0;
  while (true) {
    // Looked at first: taking in vain is allowed, but must not happen without end.
    if (<i32>atomic.load<i64>(control, CLAIM) > CLAIM_BASE) {
      const claim = atomic.sub<i64>(control, 1, CLAIM);
      const left = <i32>claim - CLAIM_BASE;
      if (left > 0) {
        const command = <usize>(<u64>claim >> 32);
        const units = load<i32>(command, COMMAND_UNITS);
        call_indirect<void>(load<u32>(command, COMMAND_KERNEL), command + COMMAND_ARGS, units - left, self);
        if (atomic.add<i32>(control, 1, DONE) + 1 == units) {
          const profile = <usize>load<u32>(control, PROFILE);
          if (profile != 0) store<f64>(profile + (<usize>load<u32>(command, COMMAND_INDEX) << 3), now(), 8);
          open(command + <usize>load<u32>(command, COMMAND_SIZE));
        }
        if (idle > 0) looks = min(MOST_LOOKS, looks + (looks >> 2));
        idle = 0;
        continue;
      }
    }
    if (atomic.load<i32>(control, BROKEN) != 0) return LOST;
    if (caller) {
      if (atomic.load<i32>(control, FINISHED) != 0) return RAN;
    } else if (atomic.load<i32>(control, STOP) != 0) return RAN;
    if (++idle < looks) {
      pause();
      continue;
    }
    idle = 0;
    looks = max(FEWEST_LOOKS, looks >> 1);
    if (!sleep(caller)) return WAITING;
  }
}

/**
 * Some 25 nanoseconds in which the processor has next to nothing to do: divisions that wait for each other.
 * WebAssembly has no instruction for that, and a core may be shared with a thread that works.
 */
function pause(): void {
  let x = idleness;
  for (let i = 0; i < 5; i++) x = 1.5 / (x + 0.25);
  idleness = x;
}

/** Until `wake`; the caller at most WAIT_NANOSECONDS. False where that passed. */
function sleep(caller: bool): bool {
  atomic.add<i32>(control, 1, SLEEPERS);
  const epoch = atomic.load<i32>(control, EPOCH);
  let woken = true;
  // All that could have changed since it was last looked at is looked at again, after the epoch.
  const nothing =
    <i32>atomic.load<i64>(control, CLAIM) <= CLAIM_BASE &&
    atomic.load<i32>(control, BROKEN) == 0 &&
    (caller ? atomic.load<i32>(control, FINISHED) : atomic.load<i32>(control, STOP)) == 0;
  if (nothing) {
    woken = atomic.wait<i32>(control + EPOCH, epoch, caller ? WAIT_NANOSECONDS : -1) != 2;
  }
  atomic.sub<i32>(control, 1, SLEEPERS);
  return woken;
}
