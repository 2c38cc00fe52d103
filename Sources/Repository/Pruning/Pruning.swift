import AgeEncryption
import Diagnostics
package import Model
import Streams

extension Repository {
    /// What pruning by `decisions` would do; changes nothing but the store's clock object, and not even that where the
    /// store cannot be written.
    ///
    /// Every point of every plan is read, because every one of them keeps archives alive. Decisions may speak of some
    /// points only: the others stay.
    package func planPrune(_ decisions: [PruneDecision], options: PruneOptions = PruneOptions()) throws -> PrunePlan {
        do {
            return try look(decisions, options)
        } catch let error as Diagnostic where error.code == .repositoryFull {
            // Even learning the store's time writes a little.
            try store.releaseReserve()
            defer { try? store.keepReserve() }
            return try look(decisions, options)
        }
    }

    private func look(_ decisions: [PruneDecision], _ options: PruneOptions) throws -> PrunePlan {
        let facts = try gatherFacts(decisions, options, isOnlyLook: true)
        if !options.acceptsBrokenChain { try facts.requireUnbroken() }
        return try PrunePlan.make(facts)
    }

    /// Does what `plan` says, after deciding it again from what is there now.
    ///
    /// The order of destruction is what makes a crash harmless at every point:
    /// 1. a signed record names what will be removed, so that a hole in the chain of points is always explained, and the
    ///    breaks that `plan` goes on in spite of, so that they need not be accepted again; others stop it at any step;
    /// 2. points go, each in one atomic step, so that a point is either complete or not there;
    /// 3. everything that still exists is read again, and only what neither a point nor a live run refers to is looked
    ///    at further; a point that survived step 2 because of a crash keeps its archives alive;
    /// 4. unreferenced archives are condemned in a list of their own;
    /// 5. archives are deleted that a list named before this run last looked for points: a list of a day ago, or with
    ///    `skipsWait` one of this run, which then looks once more. A crash leaves unreferenced archives, which the next
    ///    run finds again.
    ///
    /// What the store does not let go of (`delete-denied`) stays, is counted, and stops nothing else.
    package func prune(_ plan: PrunePlan, tool: String, now: Instant, in session: Session) throws -> PruneRun {
        let author = RecordAuthor(tool: tool, host: ProcessToken.current.host, started: now)
        let permit = DestructionPermit(session, machine)
        return try PrunePass(repository: self, permit: permit, author: author, options: plan.options).perform(plan)
    }

    /// Runs `body` in a session in which it may prune, with the space that is kept for it; begun before anything is
    /// decided, so that nothing is decided by what was true before a wait.
    package func pruning<Value>(
        _ options: PruneOptions,
        turn: TurnPatience = .none,
        _ body: (Session) throws -> Value
    ) throws -> Value {
        let session = try turn.wait {
            try store.releaseReserve()
            do {
                return try options.skipsWait
                    ? beginExclusiveSession(kind: .prune) : beginSession(kind: .prune, plan: nil, base: nil)
            } catch {
                try? store.keepReserve()
                throw error
            }
        }
        defer { try? store.keepReserve() }
        defer { try? session.end() }
        return try body(session)
    }

    /// Removes an object that is of no use any more; where nothing may be deleted it just stays.
    func removeIfAllowed(_ key: ObjectKey) throws {
        do {
            try store.remove(key)
        } catch let error as Diagnostic where error.code == .deleteDenied {}
    }
}
