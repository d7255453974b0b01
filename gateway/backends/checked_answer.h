// A CheckedAnswer is a server's plain JSON answer on its way to the caller as it comes, byte for
// byte, that ends in an error when it turns out to bear another id than the request: what was meant
// for somebody else (a server or a proxy that mixes up its answers) must not pass for the answer.
//
// The id is looked for where programs write it, at the beginning or at the end of the message, so
// that a long answer is neither kept nor read twice; a short one that has it elsewhere is scanned.
// A long one that has it elsewhere passes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "mcp/call.h"

namespace gateway {

class CheckedAnswer final : public mcp::Source {
 public:
  // References outlive it. `raw_id` is the request's.
  CheckedAnswer(mcp::Source& answer, std::string_view raw_id) : answer_(answer), raw_id_(raw_id) {}

  Form form() const override { return answer_.form(); }
  std::uint64_t length() const override { return answer_.length(); }
  bool complete() const override { return answer_.complete(); }
  base::Task<base::Result<std::string_view>> Next() override;

 private:
  enum class Verdict { kOpen, kGood, kWrong };
  base::Task<base::Result<std::string_view>> NextJudged();
  Verdict JudgeBeginning(std::string_view piece) const;
  Verdict JudgeEnd() const;
  void KeepEnd(std::string_view piece);

  mcp::Source& answer_;
  const std::string_view raw_id_;
  Verdict verdict_ = Verdict::kOpen;
  std::uint64_t passed_ = 0;
  std::string end_;  // the last bytes of what passed, while the verdict is open
};

}  // namespace gateway
