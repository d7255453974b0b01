// An AnswerTap stands between a caller and who answers it, and keeps a copy of the answer while it
// passes: nothing is held back, and nothing is changed. An answer that is too long is not kept.
//
// Lives in a filter's frame while `next` runs.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "mcp/call.h"

namespace gateway {

class AnswerTap final : public mcp::Client {
 public:
  AnswerTap(mcp::Client& caller, std::size_t max_bytes) : caller_(caller), max_bytes_(max_bytes) {}

  base::Task<base::Result<void>> Notify(std::string_view message) override;
  base::Task<base::Result<void>> Relay(mcp::Source& source) override;
  base::Task<base::Result<std::string>> Ask(std::string_view request,
                                            base::CancelSignal& cancel) override;
  base::Task<base::Result<void>> BreakOff() override;

  // The whole answer (a JSON-RPC result or error) as it went to the caller or stands in `response`;
  // nullopt: it was too long, did not come to its end, or is none of a server.
  std::optional<std::string> TakeAnswer(const mcp::Response& response);
  // The same, or its beginning when it was too long; empty when there is neither.
  struct Beginning {
    std::string text;
    std::size_t bytes = 0;  // of the whole
    bool whole = false;
  };
  Beginning TakeBeginning(const mcp::Response& response);
  // The caller was asked something meanwhile.
  bool asked() const { return asked_; }

 private:
  class Tee;

  mcp::Client& caller_;
  const std::size_t max_bytes_;
  std::string relayed_;
  std::size_t bytes_ = 0;  // of the answer that was relayed
  bool whole_ = false;     // relayed_ is all of the answer
  bool asked_ = false;
};

}  // namespace gateway
