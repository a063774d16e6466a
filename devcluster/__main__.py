import sys

from devcluster.command import main

sys.exit(main())
