// For callers that use `require`, as the release supports them.
module.exports = require('../src/index.js').default;
