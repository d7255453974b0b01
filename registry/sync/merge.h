// Merging brings a page of another registry into the catalog, in one transaction with the progress
// of its source: killed at any point, the next run goes on behind the last page that was written.
//
//   a server that is not here           made, external, approved unless the source says drafts
//   one that this source brought        follows its newest version; endpoint, tags, owner, audiences
//                                       and the like are ours and stay
//   one that somebody else made         left alone, and told of: a conflict
//   a version that is deleted there     a tombstone here, when we had it; else left out
//   a document that is wrong            refused alone, with the reason
//
// Blocks (SQLite). Writes as `sync/NAME`, with the rights of a publisher, and of an approver where
// the source's servers need no review.
#pragma once

#include "base/result.h"
#include "portolan/v1/sync.pb.h"
#include "portolan/v1/sync_service.pb.h"
#include "registry/catalog/catalog.h"
#include "registry/sync/upstream_page.h"

namespace registry {
class Reader;
}

namespace registry::sync {

// `progress` is moved on to what is written with the page: counts, problems, cursor; at the last
// page the run has ended at `now_ms`. kNotFound: the source was removed meanwhile.
base::Result<void> MergePage(Catalog& catalog, Reader& store, const std::string& source,
                             const v1::SyncSource& spec, const UpstreamPage& page,
                             std::int64_t now_ms, v1::SyncProgress& progress);

}  // namespace registry::sync
