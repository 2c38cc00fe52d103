/// The index of a point as JSON, member by member in the order of the names: what `Codable` gives, without a tree of all
/// values first.
///
/// `Tests/ModelTests/ManifestEncodingTests.swift` holds every member against the encoder.
extension Manifest {
    /// Writes the whole index.
    package func write(to json: inout JSONBytes) {
        json.object { json in
            json.name("archives")
            json.array { json in
                for archive in archives { archive.write(to: &json) }
            }
            json.name("catalog")
            json.object { json in
                json.member("objects", catalog.objects)
                json.member("sha256", catalog.sha256)
            }
            if let continuity {
                json.name("continuity")
                continuity.write(to: &json)
            }
            json.member("format", format)
            if let largeObjects {
                json.name("largeObjects")
                largeObjects.write(to: &json)
            }
            json.member("notices", notices)
            json.name("omissions")
            json.array { json in
                for omission in omissions { omission.write(to: &json) }
            }
            json.name("phases")
            json.array { json in
                for phase in phases { phase.write(to: &json) }
            }
            json.member("point", "\(point)")
            if let previous {
                json.name("previous")
                previous.write(to: &json)
            }
            writeRest(to: &json)
        }
    }

    private func writeRest(to json: inout JSONBytes) {
        json.name("sequences")
        json.array { json in
            for sequence in sequences { sequence.write(to: &json) }
        }
        json.member("settings", settings)
        json.name("snapshot")
        json.object { json in
            json.member("instant", "\(snapshot.instant)")
            json.member("lsn", snapshot.lsn)
            json.member("text", snapshot.text)
        }
        json.name("source")
        source.write(to: &json)
        json.name("tables")
        var slots = SlotTexts()
        json.array { json in
            for table in tables { table.write(to: &json, &slots) }
        }
        json.member("tool", tool)
        json.name("totals")
        totals.write(to: &json)
    }
}

extension ArchiveFacts {
    fileprivate func write(to json: inout JSONBytes) {
        json.object { json in
            json.member("bytes", bytes)
            json.member("id", id.text)
            json.member("sha256", sha256)
            json.member("writtenIn", "\(writtenIn)")
        }
    }
}

extension Continuity {
    fileprivate func write(to json: inout JSONBytes) {
        json.object { json in
            if let anchor {
                json.name("anchor")
                json.object { json in
                    json.name("committed")
                    json.array { json in
                        for isCommitted in anchor.committed { json.bool(isCommitted) }
                    }
                    json.name("transactions")
                    json.array { json in
                        for transaction in anchor.transactions { json.number(transaction) }
                    }
                }
            }
            json.name("cluster")
            json.object { json in
                json.member("databaseOID", Int64(cluster.databaseOID))
                json.member("serverVersion", cluster.serverVersion)
                json.member("settingsHash", cluster.settingsHash)
                json.member("systemIdentifier", cluster.systemIdentifier)
                json.member("timeline", cluster.timeline)
                json.member("versionHash", cluster.versionHash)
            }
            json.name("xmax")
            json.number(xmax)
            json.name("xmin")
            json.number(xmin)
        }
    }
}

extension LargeObjectData {
    fileprivate func write(to json: inout JSONBytes) {
        json.object { json in
            json.name("objects")
            json.array { json in
                for object in objects {
                    json.object { json in
                        json.member("comment", object.comment)
                        json.member("oid", Int64(object.oid))
                        json.member("owner", object.owner)
                        json.member("privileges", object.privileges)
                    }
                }
            }
            json.name("ranges")
            var slots = SlotTexts()
            json.array { json in
                for range in ranges { range.write(to: &json, &slots) }
            }
        }
    }
}

extension Omission {
    fileprivate func write(to json: inout JSONBytes) {
        json.object { json in
            json.member("object", object)
            json.member("reason", reason)
        }
    }
}

extension Phase {
    fileprivate func write(to json: inout JSONBytes) {
        json.object { json in
            if let bytes { json.member("bytes", bytes) }
            json.member("name", name)
            json.name("seconds")
            // No phase takes infinitely long, and JSON has no word for it.
            json.literal(seconds.isFinite ? "\(seconds)" : "0")
            json.member("started", "\(started)")
        }
    }
}

extension PreviousPoint {
    fileprivate func write(to json: inout JSONBytes) {
        json.object { json in
            json.member("point", "\(point)")
            json.member("sha256", sha256)
        }
    }
}

extension SequenceState {
    fileprivate func write(to json: inout JSONBytes) {
        json.object { json in
            json.member("isCalled", isCalled)
            json.member("lastValue", lastValue)
            json.member("name", name)
            json.member("schema", schema)
        }
    }
}

extension SourceFacts {
    fileprivate func write(to json: inout JSONBytes) {
        json.object { json in
            json.member("characterType", characterType)
            json.member("collation", collation)
            json.member("database", database)
            if let databaseBytes { json.member("databaseBytes", databaseBytes) }
            json.member("encoding", encoding)
            json.member("locale", locale)
            json.member("localeProvider", localeProvider)
            json.member("serverVersion", serverVersion)
            json.member("versionText", versionText)
        }
    }
}

extension TableData {
    fileprivate func write(to json: inout JSONBytes, _ slots: inout SlotTexts) {
        json.object { json in
            json.member("catalogKey", catalogKey)
            json.member("columns", columns)
            json.member("condition", condition)
            json.member("isReusable", isReusable)
            json.member("name", name)
            json.name("ranges")
            json.array { json in
                for range in ranges { range.write(to: &json, &slots) }
            }
            if let rhythm {
                json.name("rhythm")
                json.object { json in
                    json.member("busy", rhythm.busy)
                    json.member("unscanned", rhythm.unscanned)
                }
            }
            json.member("schema", schema)
        }
    }
}

extension TableRange {
    fileprivate func write(to json: inout JSONBytes, _ slots: inout SlotTexts) {
        json.object { json in
            json.name("blocks")
            json.object { json in
                if let end = blocks.end { json.member("end", end) }
                json.member("first", blocks.first)
            }
            if let fingerprint {
                json.name("fingerprint")
                json.object { json in
                    json.member("first", fingerprint.first)
                    json.member("permanent", fingerprint.permanent)
                    json.member("rows", fingerprint.rows)
                    json.member("second", fingerprint.second)
                }
            }
            json.name("location")
            location.write(to: &json)
            json.name("proof")
            json.object { json in
                json.member("rows", proof.rows)
                json.member("sum", proof.sumText)
            }
            json.member("readIn", slots.text(of: readIn))
            json.member("textBytes", textBytes)
        }
    }
}

extension ArchiveLocation {
    fileprivate func write(to json: inout JSONBytes) {
        json.object { json in
            json.member("archive", archive.text)
            json.member("length", length)
            json.member("members", members)
            json.member("offset", offset)
            json.member("sha256", sha256)
        }
    }
}

extension BackupTotals {
    fileprivate func write(to json: inout JSONBytes) {
        json.object { json in
            json.member("bytesRead", bytesRead)
            json.member("bytesRepresented", bytesRepresented)
            json.member("bytesStored", bytesStored)
            json.member("rangesRead", rangesRead)
            json.member("rangesReused", rangesReused)
            if let readReasons {
                json.name("readReasons")
                json.object { json in
                    for (reason, count) in readReasons.sorted(by: { $0.key < $1.key }) {
                        json.name(reason)
                        json.number(Int64(count))
                    }
                }
            }
            json.member("rows", rows)
        }
    }
}

/// The text of a slot: thousands of ranges were read in a handful of them.
private struct SlotTexts {
    private var texts: [Slot: String] = [:]

    mutating func text(of slot: Slot) -> String {
        if let text = texts[slot] { return text }
        let text = "\(slot)"
        texts[slot] = text
        return text
    }
}
