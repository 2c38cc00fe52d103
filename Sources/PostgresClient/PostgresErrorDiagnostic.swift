package import Diagnostics

extension PostgresError {
    /// The error as people see it; `summary` says what could not be done, in their nouns.
    package func diagnostic(while summary: String) -> Diagnostic {
        let verdict = phase == .connecting ? connectVerdict : statementVerdict
        var facts: [String: String] = [:]
        facts["sqlstate"] = sqlState
        facts["detail"] = detail.map(redacted)
        facts["context"] = context.map(redacted)
        return Diagnostic(
            verdict.code,
            summary,
            cause: redacted(message),
            hint: verdict.hint ?? hint.map { redacted($0) },
            context: facts,
            retry: verdict.retry
        )
    }

    /// Whether the server, or the way to it, went away.
    package var isConnectionLost: Bool { statementVerdict.code == .databaseConnectionLost }

    /// Whether a further session was refused for want of room, by the server or by a pooler.
    package var saysNoRoom: Bool { sqlState == "53300" || saysPoolIsEmpty || mentions(Self.noRoom) }

    /// Whether a pooler had no server session to give for as long as it lets anybody wait.
    package var saysPoolIsEmpty: Bool {
        message.contains("query_wait_timeout") || message.hasPrefix(Self.noAnswer)
    }

    /// How we say that a pooler has let a session wait.
    static let noAnswer = "nothing answered this session within"

    /// The words of servers and poolers: libpq reports no SQLSTATE for a refused connection.
    private static let noRoom = [
        "too many clients", "too many connections", "remaining connection slots", "no more connections allowed",
        "max_client_conn", "max clients reached", "max_db_connections", "max_user_connections",
    ]

    /// Whether the statement was cancelled: by us, by an administrator, or by `statement_timeout`.
    package var isCancelled: Bool { sqlState == "57014" }
}

private struct Verdict {
    var code: DiagnosticCode
    var hint: String?
    var retry: Diagnostic.Retry = .never
}

extension PostgresError {
    private var statementVerdict: Verdict {
        switch sqlState {
        case "42501" where message.contains("row-level security"):
            Verdict(
                code: .databaseRowSecurity,
                hint: "Connect as the table's owner or grant the role BYPASSRLS: a backup that skips rows is no backup."
            )
        case "42501":
            Verdict(
                code: .databasePermission,
                hint: "Grant the role what it lacks, or exclude the object from the plan."
            )
        case "28P01", "28000": authentication
        case "53300": noRoom
        case _ where saysPoolIsEmpty: emptyPool
        case "40001" where message.contains("conflict with recovery"):
            Verdict(
                code: .databaseConnectionLost,
                hint: "Set hot_standby_feedback = on there, or max_standby_streaming_delay = -1 during backups.",
                retry: .later
            )
        case "55P03":
            Verdict(
                code: .databaseLockTimeout,
                hint: "Find who holds the lock in pg_locks, or try again when the migration has ended.",
                retry: .later
            )
        case "57P01", "57P02", "57P03": connectionLost
        case .some(let state) where state.hasPrefix("08"): connectionLost
        case nil where saysConnectionLost: connectionLost
        default: Verdict(code: .databaseQuery)
        }
    }

    private var connectionLost: Verdict {
        Verdict(
            code: .databaseConnectionLost,
            hint: "Look into the server's log for a restart or a timeout, then run it again.",
            retry: .later
        )
    }

    private var noRoom: Verdict {
        Verdict(
            code: .databaseUnreachable,
            hint: "Raise the limit (max_connections, CONNECTION LIMIT of the role or database), or end idle sessions; "
                + "a backup needs two.",
            retry: .later
        )
    }

    private var emptyPool: Verdict {
        Verdict(
            code: .databaseUnreachable,
            hint: "Give the pool at least two sessions for this role and database (default_pool_size in PgBouncer), or "
                + "name the server's own address.",
            retry: .later
        )
    }

    private var authentication: Verdict {
        Verdict(
            code: .databaseAuthentication,
            hint:
                "Check the role, its password (PGPASSWORD, .pgpass or a variable with the whole address) and the server's pg_hba.conf."
        )
    }

    /// libpq's own words for a connection that broke under a statement, when no SQLSTATE came with it.
    private var saysConnectionLost: Bool {
        mentions(
            "server closed the connection unexpectedly",
            "no connection to the server",
            "connection not open",
            "could not receive data from server",
            "could not send data to server",
            "SSL SYSCALL error",
            "SSL connection has been closed unexpectedly",
            "connection pointer is NULL",
            "lost synchronization"
        )
    }

    /// The only place that reads connect messages: up to version 17 libpq reports no SQLSTATE for a refused connection,
    /// so the words decide.
    ///
    /// A server that speaks another language ends in the last case, which is still true.
    private var connectVerdict: Verdict {
        if saysPoolIsEmpty { return emptyPool }
        if saysNoRoom { return noRoom }
        if mentions(
            "password authentication failed",
            "no password supplied",
            "no pg_hba.conf entry",
            "authentication failed",
            "is not permitted to log in",
            "requires a valid client certificate",
            "pg_hba.conf rejects"
        ) || (message.contains("FATAL:  role \"") && message.contains("does not exist")) {
            return authentication
        }
        if mentions(
            "certificate verify failed",
            "root certificate file",
            "does not match host name",
            "could not get server's host name from server certificate",
            "certificate authority"
        ) {
            return Verdict(
                code: .databaseUnreachable,
                hint: "Name the server's root certificate with sslrootcert=FILE, or say sslmode=require to go without "
                    + "knowing whom you talk to."
            )
        }
        if mentions("invalid integer value", "invalid port number") {
            return Verdict(code: .databaseUnreachable, hint: "Correct the database address.")
        }
        if mentions("server does not support SSL") {
            return Verdict(
                code: .databaseUnreachable,
                hint: "Turn TLS on at the server, or say sslmode=disable where the network is trusted."
            )
        }
        if message.contains("FATAL:  database \"") && message.contains("does not exist") {
            return Verdict(code: .databaseUnreachable, hint: "Check the database's name.")
        }
        return Verdict(
            code: .databaseUnreachable,
            hint: "Check host and port, that the server runs, and that a firewall lets this machine through.",
            retry: .later
        )
    }

    private func mentions(_ phrases: String...) -> Bool { mentions(phrases) }

    private func mentions(_ phrases: [String]) -> Bool { phrases.contains { message.contains($0) } }
}
