// A PoolServer asks one of several places where the same server runs: which, pool_state.h says; each
// is asked by a backend of its own, with its own Upstream and its own sessions.
//
// Belongs to one worker. Members are looked at once an interval by all workers together; a member
// that is not well gets no calls until it is well again.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/backends/backend.h"
#include "gateway/backends/pool_state.h"
#include "gateway/backends/upstream.h"
#include "mcp/handler.h"
#include "mcp/place_guard.h"

namespace gateway {

class PoolServer final : public mcp::Handler, public std::enable_shared_from_this<PoolServer> {
 public:
  struct Member {
    std::string name;
    std::shared_ptr<mcp::Handler> server;
    std::shared_ptr<Upstream> upstream;
  };
  // `name` is the server's, for messages.
  static std::shared_ptr<PoolServer> Make(std::string name, std::vector<Member> members,
                                          std::shared_ptr<PoolState> state,
                                          BackendContext& context);

  base::Task<mcp::Response> Handle(mcp::Call& call) override;

  // What the members speak, by the first of which it is known.
  std::optional<mcp::Revision> revision() const;

 private:
  class Watched;

  PoolServer(std::string name, std::vector<Member> members, std::shared_ptr<PoolState> state,
             BackendContext& context)
      : name_(std::move(name)),
        members_(std::move(members)),
        state_(std::move(state)),
        context_(context) {}

  // Whose calls stay together with this one; empty: nobody's.
  std::string OwnerOf(const mcp::Call& call) const;
  const Member* Find(std::string_view name) const;
  base::Task<mcp::Response> Ask(mcp::Call& call, const Member& member, mcp::PlaceGuard* guard,
                                mcp::PlaceGuard::Pass pass);
  mcp::Response NoneIsWell(mcp::Call& call, std::int64_t retry_after_s) const;

  void CheckAll();
  static base::Task<> Check(std::shared_ptr<PoolServer> self, const Member& member);

  // Constant after construction
  const std::string name_;
  const std::vector<Member> members_;
  const std::shared_ptr<PoolState> state_;
  BackendContext context_;

  base::Timers::Timer timer_;
};

}  // namespace gateway
