/* s4's protocol, for spin: clients, paths, one store, and users who edit at any moment. `npm run model` checks it.
 *
 * A content is a number, 0 the first one that all have; each edit makes a new one. CONDITIONS=1: the store honours
 * If-Match. CONDITIONS=0: it does not, keeps versions, and each write names the one it replaces. Between any two steps a
 * client may crash; a response may be lost after its request took effect, and (CONDITIONS=1) a request may land late. */
#ifndef CONDITIONS
#define CONDITIONS 1
#endif
#ifndef EDITS
#define EDITS 3
#endif
#ifndef FAULTS
#define FAULTS 2
#endif
#ifndef CLIENTS
#define CLIENTS 3
#endif
#define PATHS 2
#define BIT(v) (1 << (v))

/* The store: what each path shows, which version that hid, what each version says it replaces; copies; the log. */
byte cur[PATHS], below[EDITS + 1], parent[EDITS + 1], copies;
/* A request that was given up and is on its way: path + 1, content, the state that it expects. */
byte fly, flyContent, flyExpects;
/* Durable on each client: files, base, conflict copies not sent yet, the intent of an unguarded write (path + 1, and what
 * it replaces), whether a head or a bell is owed. The log as each client sees it, which is all that matters of its numbers:
 * the bell is not the one it heard, the one that it heard is not dealt with yet, some head is not the one it read. */
typedef Disk { byte file[PATHS]; byte base[PATHS]; byte unsent; byte intent; byte since; bit owesHead; bit owesBell;
               bit rings; bit hears; bit news };
Disk d[CLIENTS];
/* The check: contents that no user who had them replaced; edits and faults so far; a write that nobody was told of. */
byte owed, edits, faults, hours; bit untold, lookAll[CLIENTS];

/* Where a crash may come. What is in memory is gone: everything below `start` begins anew. */
#define CRASH if :: faults < FAULTS -> faults++; goto start :: skip fi

/* Versions between the newest and `since` that no later one names as replaced were hidden: they come back as copies. */
inline bringBack(p, known) {
#ifndef BLIND
  v = below[cur[p]]; e = parent[cur[p]];
  do
  :: cur[p] != known && v != known && v != 0 ->
     if :: v == e -> e = parent[v] :: else -> d[me].unsent = d[me].unsent | BIT(v) fi; v = below[v]
  :: else -> break
  od; v = 0; e = 0
#endif
  skip
}

#if CLIENTS == 2
#define EACH(set) set(0); set(1)
#define ALL(holds) (holds(0) && holds(1))
#else
#define EACH(set) set(0); set(1); set(2)
#define ALL(holds) (holds(0) && holds(1) && holds(2))
#endif
#define RINGS(c) d[c].rings = 1
#define NEWS(c) d[c].news = 1
#define LISTS(c) lookAll[c] = 1
#define RUN(c) run Client(c)
inline ring() { EACH(RINGS) }
inline writeHead() { EACH(NEWS) }
inline store(p, content, replaced) { below[content] = cur[p]; parent[content] = replaced; cur[p] = content }

proctype Client(byte me) {
  byte p, seen, here, v, e; bit all, again;
start:
  atomic { p = 0; seen = 0; here = 0; all = 0; again = 0;
    if :: d[me].hears -> d[me].hears = 0; d[me].rings = 1 :: else fi;
    if :: d[me].intent -> bringBack(d[me].intent - 1, d[me].since); d[me].intent = 0; d[me].since = 0 :: else fi }
idle:
  atomic {
    if /* The bell (a conditional GET), the hourly list, an edit heard by the watcher, or what a crash left owing. */
    :: d[me].rings -> d[me].rings = 0; d[me].hears = 1
    :: lookAll[me] -> lookAll[me] = 0; all = 1
    :: d[me].file[0] != d[me].base[0] || d[me].file[1] != d[me].base[1] || d[me].unsent
    :: d[me].owesHead || d[me].owesBell
    fi }
  if /* Heads are listed after the bell was heard. */
  :: atomic { d[me].hears -> all = all | d[me].news; d[me].news = 0 }
  :: atomic { !d[me].hears -> skip }
  fi;
  do
  :: atomic { p < PATHS -> seen = cur[p]; here = d[me].file[p]; CRASH;
       if :: !all && here == d[me].base[p] -> goto next :: else fi };
     if
     :: atomic { here == seen -> d[me].base[p] = seen }
     :: here != seen && here == d[me].base[p] -> /* Changed there: placed only over what was looked at. */
        atomic { CRASH;
#if !CONDITIONS
          if :: parent[seen] != d[me].base[p] && cur[p] == seen -> bringBack(p, d[me].base[p]) :: else fi;
#endif
          if :: d[me].file[p] == here -> d[me].file[p] = seen :: else -> again = 1; goto next fi };
        atomic { CRASH; d[me].base[p] = seen }
     :: here != seen && seen == d[me].base[p] && here != d[me].base[p] -> /* Changed here: replaces only what was looked at. */
#if !CONDITIONS
        atomic { CRASH; d[me].intent = p + 1; d[me].since = seen };
#endif
        if
        :: atomic { d[me].file[p] == here && (!CONDITIONS || cur[p] == seen) -> CRASH; store(p, here, seen); untold = 1 }
        :: atomic { d[me].file[p] == here && CONDITIONS && !fly && faults < FAULTS ->
             faults++; fly = p + 1; flyContent = here; flyExpects = seen; goto start }
        :: atomic { d[me].file[p] != here || (CONDITIONS && cur[p] != seen) ->
             d[me].intent = 0; d[me].since = 0; again = 1; goto next }
        fi;
#if !CONDITIONS
        atomic { CRASH; bringBack(p, seen); d[me].intent = 0; d[me].since = 0 };
#endif
        atomic { CRASH; /* Also: the response is lost. */ d[me].base[p] = here; d[me].owesHead = 1 }
     :: here != seen && seen != d[me].base[p] && here != d[me].base[p] -> /* On both sides: the file here steps aside. */
        atomic { CRASH;
          if :: d[me].file[p] == here -> d[me].unsent = d[me].unsent | BIT(here); d[me].file[p] = seen
             :: else -> again = 1; goto next fi };
        atomic { CRASH; d[me].base[p] = seen }
     fi;
next: atomic { p++; seen = 0; here = 0 }
  :: atomic { p == PATHS -> p = 0; break }
  od;
  atomic { CRASH; if :: d[me].unsent -> copies = copies | d[me].unsent; d[me].unsent = 0; d[me].owesHead = 1 :: else fi };
#ifdef BELL_FIRST
  atomic { if :: d[me].owesHead -> ring() :: else fi };
#endif
  atomic { CRASH; if :: d[me].owesHead -> writeHead(); d[me].owesHead = 0; d[me].owesBell = 1 :: else fi };
  atomic { CRASH; if :: d[me].owesBell ->
#ifndef BELL_FIRST
      ring();
#endif
      d[me].owesBell = 0 :: else fi };
  /* What moved meanwhile is looked at once more. */
  atomic { if :: again -> lookAll[me] = 1 :: else fi; d[me].hears = 0; all = 0; again = 0 };
  goto idle
}

proctype Network() {
end: do
  :: atomic { fly -> if :: cur[fly - 1] == flyExpects -> store(fly - 1, flyContent, flyExpects); untold = 1 :: else fi;
       fly = 0; flyContent = 0; flyExpects = 0 }
  od
}

proctype User() {
  byte c, p;
  do
  /* Clients are alike: who edits first is called 0, who comes next 1. */
  :: atomic { edits < EDITS -> select(c : 0 .. (edits < CLIENTS - 1 -> edits : CLIENTS - 1)); select(p : 0 .. PATHS - 1); edits++;
       owed = (owed & ~BIT(d[c].file[p])) | BIT(edits); d[c].file[p] = edits; c = 0; p = 0 }
  :: edits == EDITS -> break
  od
}

#define IS_LIKE_STORE(c) (d[c].file[0] == cur[0] && d[c].base[0] == cur[0] && d[c].file[1] == cur[1] && d[c].base[1] == cur[1])

/* When nobody can do anything any more: equal everywhere and nothing lost; else an hour has passed, and all list. */
proctype Hour() {
  do
  :: timeout ->
     if
     :: ALL(IS_LIKE_STORE) -> assert((owed & ~(copies | BIT(cur[0]) | BIT(cur[1]))) == 0); break
     :: else -> atomic { assert(untold && faults > 0 && hours <= FAULTS); hours++;
          EACH(LISTS) }
     fi
  od
}

init { atomic { owed = 0; EACH(RUN); run Network(); run User(); run Hour() } }
