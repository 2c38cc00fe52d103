import Model

/// Reads one repository of `lifeboat.json`: a folder, a part of a bucket, or a folder behind SFTP.
struct RepositoryReader {
    /// What relative paths in the file start from.
    let folder: String
    let list: ProblemList

    func repository(_ member: SettingsNode.Member) -> RepositorySettings? {
        guard let kind = kind(member.value), let reader = ObjectReader(member.value, kind.shape, list) else {
            return nil
        }
        let limits = TransferLimits(rate: reader.rate("rateLimit"), connections: reader.integer("connections"))
        guard let location = location(kind, reader) else { return nil }
        return RepositorySettings(name: member.key, location: location, limits: limits)
    }

    private enum Kind: String, CaseIterable {
        case path
        case s3
        case sftp

        var shape: SettingsShape {
            switch self {
            case .path: .folder
            case .s3: .s3
            case .sftp: .sftp
            }
        }
    }

    /// Which kind the keys make it; a folder where they say nothing, so that the reader names what is lacking.
    private func kind(_ node: SettingsNode) -> Kind? {
        guard case .object(let members) = node.value else { return .path }
        let named = members.compactMap { member in Kind(rawValue: member.key).map { (kind: $0, member: member) } }
        if let first = named.first, let other = named.first(where: { $0.kind != first.kind }) {
            list.add(
                "a repository has both '\(first.member.key)' and '\(other.member.key)'",
                at: other.member.keyPosition,
                hint: "give each place a name of its own."
            )
            return nil
        }
        return named.first?.kind ?? .path
    }

    private func location(_ kind: Kind, _ reader: ObjectReader) -> RepositoryLocation? {
        switch kind {
        case .path: folder(reader)
        case .s3: s3(reader).map { .s3($0) }
        case .sftp: sftp(reader).map { .sftp($0) }
        }
    }

    private func folder(_ reader: ObjectReader) -> RepositoryLocation? {
        guard let path = reader.text("path") else { return nil }
        if let scheme = path.firstMatch(of: /^([A-Za-z0-9]+):\/\//)?.1.lowercased() {
            let known = Kind(rawValue: scheme).map { $0.rawValue }
            list.add(
                known == nil ? "'path' is a URL of an unknown kind" : "'path' is not a folder but a URL",
                at: reader.node("path")?.position ?? reader.position,
                hint: known.map { "write \($0): \"\($0)://…\" instead of path." }
                    ?? "name a folder with path, or use s3 or sftp."
            )
            return nil
        }
        return .folder(path.resolved(against: folder))
    }

    private func s3(_ reader: ObjectReader) -> S3Location? {
        guard let text = reader.text("s3") else { return nil }
        guard var location = url(reader, "s3", { () throws(RepositoryURLError) in try S3Location(url: text) }) else {
            return nil
        }
        location.endpoint = endpoint(reader)
        location.region = reader.text("region")
        location.profile = reader.text("profile")
        location.pathStyle = reader.boolean("pathStyle")
        location.ca = reader.text("ca")?.resolved(against: folder)
        location.storageClass = reader.text("storageClass")
        location.lock = reader.duration("lock")
        location.credentials = reader.choice("credentials", of: S3Location.Credentials.self)
        location.deletion = reader.object("deleteWith", .s3Deletion).flatMap(s3Deletion)
        return location
    }

    private func s3Deletion(_ reader: ObjectReader) -> S3Deletion? {
        let access = variable(reader, "accessKeyEnv")
        let secret = variable(reader, "secretKeyEnv")
        let token = variable(reader, "sessionTokenEnv")
        if let profile = reader.text("profile"), access == nil, secret == nil, token == nil { return .profile(profile) }
        if reader.node("profile") == nil, let access, let secret {
            return .environment(accessKey: access, secretKey: secret, sessionToken: token)
        }
        list.add(
            "'deleteWith' does not say which credentials",
            at: reader.position,
            hint: "name either a profile, or accessKeyEnv and secretKeyEnv."
        )
        return nil
    }

    private func sftpDeletion(_ reader: ObjectReader) -> SFTPDeletion? {
        let deletion = SFTPDeletion(
            user: reader.text("user"),
            identityFile: reader.text("identityFile").map { $0.resolved(against: folder) },
            passwordVariable: variable(reader, "passwordEnv")
        )
        if deletion == SFTPDeletion() {
            list.add("'deleteWith' names no other login", at: reader.position, hint: "name user or identityFile.")
        }
        return deletion
    }

    private func endpoint(_ reader: ObjectReader) -> String? {
        guard let text = reader.text("endpoint") else { return nil }
        guard text.wholeMatch(of: /https?:\/\/[^\/@\s?#]+\/?/) != nil else {
            list.add(
                "'endpoint' is not the URL of a server",
                at: reader.node("endpoint")?.position ?? reader.position,
                hint: "write https:// and a host, with its port, without credentials or a path."
            )
            return nil
        }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    private func sftp(_ reader: ObjectReader) -> SFTPLocation? {
        guard let text = reader.text("sftp") else { return nil }
        guard var location = url(reader, "sftp", { () throws(RepositoryURLError) in try SFTPLocation(url: text) })
        else { return nil }
        location.hostKey = hostKey(reader)
        location.knownHosts = reader.text("knownHosts").map { $0.resolved(against: folder) }
        location.identityFile = reader.text("identityFile").map { $0.resolved(against: folder) }
        location.passwordVariable = variable(reader, "passwordEnv")
        location.deletion = reader.object("deleteWith", .sftpDeletion).flatMap(sftpDeletion)
        if location.hostKey != nil, location.knownHosts != nil {
            list.add("a repository has both 'hostKey' and 'knownHosts'", at: reader.position, hint: "keep one of them.")
        }
        return location
    }

    /// `SHA256:` and 43 digits of base 64, or a key type and a key.
    private func hostKey(_ reader: ObjectReader) -> String? {
        guard let text = reader.text("hostKey") else { return nil }
        let isFingerprint = text.wholeMatch(of: /SHA256:[A-Za-z0-9+\/]{43}=?/) != nil
        guard isFingerprint || text.wholeMatch(of: /[a-z0-9@.-]+ [A-Za-z0-9+\/]{40,}={0,2}/) != nil else {
            list.add(
                "'hostKey' is no host key",
                at: reader.node("hostKey")?.position ?? reader.position,
                hint: "use what 'ssh-keygen -lf' prints of the server's public key: SHA256:…"
            )
            return nil
        }
        return text
    }

    private func variable(_ reader: ObjectReader, _ key: String) -> String? {
        guard let text = reader.text(key) else { return nil }
        guard text.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) != nil else {
            // The value may be the secret itself, put into the wrong place: it is not quoted.
            list.add(
                "'\(key)' is not the name of an environment variable",
                at: reader.node(key)?.position ?? reader.position,
                hint: "write the name of the variable, not its value."
            )
            return nil
        }
        return text
    }

    private func url<Location>(
        _ reader: ObjectReader,
        _ key: String,
        _ read: () throws(RepositoryURLError) -> Location
    ) -> Location? {
        do { return try read() } catch {
            list.add(
                "'\(key)' is no place: \(error.message)",
                at: reader.node(key)?.position ?? reader.position,
                hint: error.hint
            )
            return nil
        }
    }
}
