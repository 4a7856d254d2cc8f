"""Agents: objects with a mailbox, a supervisor, a memory and rules about what they may do.

An agent is an ordinary Dana object until somebody outside calls a method of it. The call is then an *ask*: a message
goes into the agent's mailbox, the agent processes one message at a time, and the answer comes back as any effect's
does. Nobody else touches its fields, so it needs no locks; a fault in one message is the business of its supervisor
and of the one who asked, and of nobody else.

    errors       what can go wrong between agents, as Dana says it
    mailbox      messages, and the bounded queue they wait in
    actor        one agent at work: how it is asked and sent to, how its messages are processed
    lifecycle    how it lives: crashes, restarts, ends; links, monitors, pause and stop
    health       how it is, in words and as data
    interrupts   pause, resume, inject, stop: what takes effect between messages and at checkpoints
    strategies   which children are restarted together, and how often is too often: the arithmetic of supervision
    supervisor   children in order: started first to last, stopped last to first, restarted when they crash
    system       all of one program's actors: the running one, timeouts of asks, the end
    copying      what crosses an agent's border is copied unless nobody can change it

An actor costs a few hundred bytes while nobody speaks to it. While it has messages it has a worker, a greenlet on the
program's one event loop; there are no threads. Processing may wait (for a model, for another agent) and others go
on meanwhile; that is why a chain of asks that comes back to where it began is refused: it would wait for itself.

The semantics are Erlang's where Erlang has a word for it: links, monitors, restart types and intensities, start in
order and stop in reverse. Two things differ on purpose. An agent keeps its identity and its mailbox over a restart,
so references stay valid and no accepted message is lost; and a fault that says something about the request or about
the world, not about the agent, goes to the asker and restarts nothing.
"""
