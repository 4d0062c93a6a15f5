-- Tests that are skipped, with the reason, where they cannot run. busted takes
-- `pending` within a test only, not in before_each. Not a spec.

local support = require "spec.support"

local M = {}


--- Why a test of other processes cannot run here, if so.
---@return string|nil reason
function M.no_processes()
  local ok, reason = support.has_core()
  if not ok then
    return reason
  elseif os.getenv("TEST_MODE") == "gc" then
    return "other processes do the work: no collector here to stress"
  end
end


--- busted's `it` for tests that may have to be skipped.
---@param it fun(name: string, test: fun())
---@param skip fun(reason: string) calls `pending`, which busted puts anew
---  into a spec's environment for each test
---@param why_not fun(): string|nil reason
---@return fun(name: string, test: fun())
function M.it_unless(it, skip, why_not)
  return function(name, test)
    it(name, function()
      local reason = why_not()
      if reason then
        return skip(reason)
      end
      test()
    end)
  end
end


return M
