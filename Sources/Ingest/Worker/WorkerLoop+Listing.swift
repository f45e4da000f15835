import GPhoto
import Journal

// MARK: Listing, and connecting anew for it

extension WorkerLoop {
  func list() throws(GPhotoError) {
    // A folder whose reading failed is read no second time: what the driver says of it then is no longer true.
    let found = try held.patiently(spoilsDriver: true) { () throws(GPhotoError) in
      try listing?.step(held.camera, beforeFolder: { report(.alive(patience: Self.longPatience)) }) ?? []
    }
    for (path, info) in found {
      if unexplained.remove(path) != nil,
        case .new(let id) = objects.announce(path, info, isFresh: true, now: clock.now)
      {
        announce(id)
      }
      let id = objects.list(path, info, now: clock.now)
      if let object = objects.object(id) { listed.append(object) }
    }
    let isComplete = listing?.isComplete ?? true
    if isComplete, let doubtful = listing?.doubtful(upkeep.status.storages) {
      if upkeep.hasFilesByRoom, !doubtful.isSubset(of: emptyFolders) { held.isOutdated = true }
      emptyFolders = doubtful
    }
    // One that cannot be believed is made again on a new connection.
    let isTrue = isComplete && !held.isOutdated
    if isTrue {
      held.listed()
      unexplained = []
    }
    // What was shot while the listing ran is announced before the parent takes the listing for what was there before.
    if isComplete { try takeEvents() }
    guard isComplete || listed.count + ListingWalk.filesPerStep > WorkerProtocol.objectsPerReport else {
      return
    }
    report(.listed(listed, isComplete: isTrue))
    listed = []
    if isComplete {
      listing = nil
      if isTrue {
        upkeep.listed(unannounced: objects.unannouncedCount)
        pace.listed(now: clock.now, room: upkeep.status.storages, unannounced: objects.unannouncedCount)
      }
      report(.alive(patience: Self.patience))
    }
  }

  func beginListing() {
    if listing == nil { listing = ListingWalk() }
  }

  // MARK: The rest

  func lookAfterTheRest() throws(GPhotoError) {
    // A frame that only the camera's memory has waits for room on the disk: a new connection would lose it.
    guard inMemory.isEmpty else {
      return try upkeep.look(lastEvent: lastEvent, unannounced: objects.unannouncedCount)
    }
    if held.hasEvents, clock.now - lastEvent > .seconds(10),
      pace.isDue(now: clock.now, room: upkeep.status.storages)
    {
      held.isOutdated = true
    }
    if !suspicious.isEmpty || held.isOutdated, try reconnect() {
      held.isOutdated = false
      let paths = suspicious
      suspicious = []
      for path in paths {
        guard let info = try infoOfAnnounced(path) else { continue }
        if case .new(let id) = objects.announce(path, info, isFresh: true, now: clock.now) { announce(id) }
      }
      try upkeep.settle()
      beginListing()
    } else if !erasures.isEmpty, !erasures.isUrgent, try reconnect() {
      // Deleting comes first, as close as can be to the look at what is there now; the listing after it.
      erasures.connected()
      beginListing()
    } else if !held.hasEvents, let last = pace.last, clock.now - last > Self.listingInterval {
      try held.camera.forgetFiles()
      beginListing()
    } else {
      try upkeep.look(lastEvent: lastEvent, unannounced: objects.unannouncedCount)
    }
  }

  /// Connects anew, if the last time was not too short ago.
  private func reconnect() throws(GPhotoError) -> Bool {
    let isDone = try held.reconnect {
      // Closing a PTP/IP camera closes descriptor 0: nobody may be opening files then.
      writer.drain()
      report(.alive(patience: Self.longPatience))
    }
    if isDone { try upkeep.readClock() }
    return isDone
  }
}
