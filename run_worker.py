"""Start the worker from a checkout: `python run_worker.py COMMAND`, as `ero-outreach COMMAND`."""

from inbox_worker.cli.app import main

if __name__ == "__main__":
    main()
